# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action cluster_report; its documentation is in plugins/modules/cluster_report.py."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible import constants
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..plugin_utils._launch import Launch
from ..plugin_utils._report.build import report_of, with_advice
from ..plugin_utils._report.html import page_of
from ..plugin_utils._report.model import Limits, Look, Report
from ..plugin_utils._report.text import lines_of

if TYPE_CHECKING:
    from collections.abc import Mapping

display = Display()
# Seconds for which the report before says something about whether a backlog grows.
_LASTS = 3600
_COLOURS = {
    "healthy": constants.COLOR_OK,
    "note": constants.COLOR_VERBOSE,
    "degraded": constants.COLOR_WARN,
    "down": constants.COLOR_ERROR,
}


class ActionModule(ActionBase):  # type: ignore[misc]
    """Shows on the controller how a cluster is."""

    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> Mapping[str, Any]:
        """Print the report, and write it down where that is asked for."""
        super().run(tmp, task_vars)
        arguments = self.validate_argument_spec(
            argument_spec={
                "cluster_name": {"type": "str", "default": "aisha"},
                "looks": {"type": "list", "elements": "dict", "required": True},
                "limits": {"type": "dict", "default": {}, "options": _limit_options()},
                "report_dir": {"type": "path"},
            }
        )[1]
        cluster = arguments["cluster_name"]
        # Absolute, since Ansible may be somewhere else by then.
        folder = Path(arguments["report_dir"]).absolute() if arguments["report_dir"] else None
        given = {name: value for name, value in (arguments["limits"] or {}).items() if value is not None}
        try:
            looks = [Look.read(look) for look in arguments["looks"]]
        except ValueError as error:
            raise AnsibleActionFail(str(error)) from error
        previous = _previous(folder / f"{cluster}.json") if folder else None
        at = datetime.now(UTC).isoformat(timespec="seconds")
        launch = Launch.of_run(task_vars or {})
        report = with_advice(report_of(cluster, looks, Limits(**given), at, previous), launch.expand)
        for line, kind in lines_of(report):
            display.display(line, color=_COLOURS.get(kind))
        document = report.as_dict()
        return {
            "changed": False,
            "verdict": report.verdict,
            "msg": report.summary,
            "problems": document["problems"],
            "report": document,
            "files": self._write(report, document, folder, launch.expand("run monitor.yml"))
            if folder
            else [],
        }

    def _write(self, report: Report, document: dict[str, Any], folder: Path, again: str) -> list[str]:
        """Write both files, for their owner only; a folder that can't be written to is no failure."""
        contents = {"json": json.dumps(document, indent=2) + "\n", "html": page_of(report, again)}
        written = []
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for kind, content in contents.items():
                path = folder / f"{report.cluster}.{kind}"
                temporary = folder / f".{path.name}.{os.getpid()}"
                try:
                    temporary.touch(mode=0o600)
                    temporary.write_text(content, encoding="utf-8")
                    temporary.replace(path)
                finally:
                    temporary.unlink(missing_ok=True)
                written.append(str(path))
        except OSError as error:
            display.display(f"Not written: {error}", color=constants.COLOR_WARN)
        else:
            display.display(f"The same as a page: {written[-1]}")
        return written


def _previous(path: Path) -> dict[str, Any] | None:
    """Return the report before, unless it is old; None also when there is none that can be read."""
    with suppress(OSError, ValueError):
        if time.time() - path.stat().st_mtime < _LASTS:
            document = json.loads(path.read_text(encoding="utf-8"))
            return document if isinstance(document, dict) else None
    return None


def _limit_options() -> dict[str, dict[str, str]]:
    kinds = {"int": "int", "float": "float"}
    return {each.name: {"type": kinds[str(each.type)]} for each in fields(Limits)}
