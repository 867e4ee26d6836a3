# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action cluster_verdict; its documentation is in plugins/modules/cluster_verdict.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible.plugins.action import ActionBase

if TYPE_CHECKING:
    from collections.abc import Mapping


class ActionModule(ActionBase):  # type: ignore[misc]
    """Ends a run as a cluster is."""

    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> Mapping[str, Any]:
        """Fail, or say that the host can't be reached, which ansible-playbook has codes of its own for."""
        super().run(tmp, task_vars)
        arguments = self.validate_argument_spec(
            argument_spec={
                "verdict": {"type": "str", "required": True, "choices": ["healthy", "degraded", "down"]},
                "msg": {"type": "str", "required": True},
            }
        )[1]
        result: dict[str, Any] = {"changed": False, "msg": arguments["msg"]}
        if arguments["verdict"] == "degraded":
            result["failed"] = True
        elif arguments["verdict"] == "down":
            result["unreachable"] = True
        return result
