# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action host_diagnosis; its documentation is in plugins/modules/host_diagnosis.py."""

from __future__ import annotations

import base64
import json
import re
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ..module_utils._core.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Mapping

# At most one folder deep, and nothing that leads elsewhere: a host isn't to say where the controller writes.
_NAME = re.compile(r"(?:[a-z]+/)?[A-Za-z0-9_][A-Za-z0-9_.-]*")


class ActionModule(ActionBase):  # type: ignore[misc]
    """Has a host collected, and writes it down on the controller."""

    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> Mapping[str, Any]:
        """Run host_diagnosis_info on the host, and write its files into a folder of its own."""
        super().run(tmp, task_vars)
        variables = task_vars or {}
        arguments = self.validate_argument_spec(
            argument_spec={
                "dest": {"type": "path", "required": True},
                "secrets": {"type": "list", "elements": "str", "default": [], "no_log": True},
                "collect": {"type": "dict", "default": {}},
            }
        )[1]
        began = time.time()
        result = self._execute_module(
            module_name="aisha.cluster.host_diagnosis_info",
            module_args=arguments["collect"],
            task_vars=variables,
        )
        ended = time.time()
        if "packed" not in result:
            return dict(result)
        # What the inventory knows and no container of this host: it isn't sent there, it is masked here.
        mask = Redactor.of(f"SECRET={secret}" for secret in arguments["secrets"])
        folder = Path(arguments["dest"]) / re.sub(
            r"[^A-Za-z0-9_-]+", "_", str(variables["inventory_hostname"])
        )
        files = json.loads(zlib.decompress(base64.b64decode(result["packed"])))
        _write(folder, {str(name): str(mask(text)) for name, text in files.items()})
        now = float(result["now_s"])
        told = {name: mask(result[name]) for name in ("problems", "findings")}
        return {
            "changed": False,
            "files": len(files),
            "clock_offset_s": round(now - min(max(now, began), ended), 1),
            **{name: result[name] for name in ("active", "pollers", "images")},
            **told,
        }


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        if not _NAME.fullmatch(name):
            raise AnsibleActionFail(f"{name!r}: expected the name of a file of a diagnosis")
        path = folder / name
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(text, encoding="utf-8", errors="replace")
        except OSError as error:
            raise AnsibleActionFail(f"{path}: expected to write there, found {error}") from error
