# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action host_files; its documentation is in plugins/modules/host_files.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible.plugins.action import ActionBase

if TYPE_CHECKING:
    from collections.abc import Mapping

_HIDDEN = "(a secret)\n"


class ActionModule(ActionBase):  # type: ignore[misc] # ansible-core has no types
    """Has the module write, and shows the difference; what a host gets doesn't come back from it."""

    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> Mapping[str, Any]:
        """Run the module on the host."""
        super().run(tmp, task_vars)
        result: dict[str, Any] = self._execute_module(task_vars=task_vars or {})
        # Neither a log with -vvv nor a callback is to have the contents.
        result.pop("invocation", None)
        if self._task.diff:
            files = {file["path"]: file for file in self._task.args.get("files") or ()}
            result["diff"] = [_difference(each, files) for each in result.get("changes") or ()]
        return result


def _difference(change: Mapping[str, str], files: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return one change as Ansible shows differences."""
    path = change["path"]
    if change["kind"] != "file":
        before, after = "", f"{change['kind']} as desired\n"
    elif files[path].get("secret"):
        before, after = "", _HIDDEN
    else:
        before, after = change["before"], files[path]["content"]
    return {"before_header": path, "after_header": path, "before": before, "after": after}
