# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action diagnosis_archive; its documentation is in plugins/modules/diagnosis_archive.py."""

from __future__ import annotations

import io
import os
import tarfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils._diagnosis.summary import HostReport, summary
from ..plugin_utils._launch import Launch

if TYPE_CHECKING:
    from collections.abc import Mapping

display = Display()


class ActionModule(ActionBase):  # type: ignore[misc]
    """Packs what was collected into one archive on the controller, and shows its summary."""

    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> Mapping[str, Any]:
        """Write the archive, and fail when nothing was collected of any host."""
        super().run(tmp, task_vars)
        arguments = self.validate_argument_spec(
            argument_spec={
                "source": {"type": "path", "required": True},
                "dest": {"type": "path", "required": True},
                "cluster_name": {"type": "str", "default": "aisha"},
                "hosts": {"type": "dict", "required": True},
            }
        )[1]
        now = time.time()
        hosts = [HostReport.read(str(name), found or {}) for name, found in arguments["hosts"].items()]
        made_at = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now))
        text = Launch.of_run(task_vars or {}).expand(summary(arguments["cluster_name"], made_at, hosts))
        stem = time.strftime("cluster-%Y%m%dT%H%M%SZ", time.gmtime(now))
        path = Path(arguments["dest"]) / f"{stem}.tar.gz"
        try:
            _pack(Path(arguments["source"]), path, stem, text)
        except OSError as error:
            raise AnsibleActionFail(
                f"{path}: expected to write the archive there, found {error}. Name another folder with "
                "-e diagnose_dir=…"
            ) from error
        for line in (*text.splitlines(), "", f"All of it: {path}"):
            display.display(line)
        nothing = all(host.missing for host in hosts)
        return {
            "changed": False,
            "failed": nothing,
            "msg": "Nothing could be collected of any host." if nothing else f"Written to {path}.",
            "path": str(path),
            "summary": text,
        }


def _pack(source: Path, path: Path, stem: str, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        # Only its owner ever reads it: names of hosts, users and services are in it.
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w:gz") as archive:
            _add(archive, f"{stem}/summary.txt", text.encode())
            for one in sorted(source.rglob("*")):
                if one.is_file():
                    _add(archive, f"{stem}/{one.relative_to(source)}", one.read_bytes())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = len(content), 0o600, int(time.time())
    archive.addfile(entry, io.BytesIO(content))
