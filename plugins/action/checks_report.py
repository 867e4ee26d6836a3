# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action checks_report; its documentation is in plugins/modules/checks_report.py."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..plugin_utils._launch import Launch
from ..plugin_utils._verify.table import counts, lines, read, summary, with_advice

if TYPE_CHECKING:
    from collections.abc import Mapping

display = Display()


class ActionModule(ActionBase):  # type: ignore[misc]
    """Shows checks on the controller."""

    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> Mapping[str, Any]:
        """Print the checks, write them down where that is asked for, and fail when one of them did."""
        super().run(tmp, task_vars)
        arguments = self.validate_argument_spec(
            argument_spec={
                "title": {"type": "str", "required": True},
                "checks": {"type": "list", "elements": "dict", "required": True},
                "path": {"type": "path"},
            }
        )[1]
        try:
            checks = with_advice(read(arguments["checks"]), Launch.of_run(task_vars or {}).expand)
        except ValueError as error:
            raise AnsibleActionFail(str(error)) from error
        for line in lines(arguments["title"], checks):
            display.display(line)
        if arguments["path"]:
            self._write(arguments["path"], [{"host": each.host, **each.check.as_dict()} for each in checks])
        number = counts(checks)
        return {
            "changed": False,
            # Nothing that was checked is nothing that is well.
            "failed": number["failed"] > 0 or not checks,
            "msg": summary(arguments["title"], checks),
            "counts": number,
        }

    def _write(self, path: str, document: object) -> None:
        """Write the checks as JSON, for their owner only: names of hosts and services are in them."""
        temporary = Path(f"{path}.{os.getpid()}")
        try:
            temporary.touch(mode=0o600)
            temporary.write_text(json.dumps(document, indent=2), encoding="utf-8")
            temporary.replace(path)
        except OSError as error:
            raise AnsibleActionFail(f"{path}: expected to write the checks there, found {error}") from error
