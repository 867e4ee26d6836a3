# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action host_plan; its documentation is in plugins/modules/host_plan.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible.plugins.action import ActionBase

from ..plugin_utils._desired_state import hashed, selected_drift

if TYPE_CHECKING:
    from collections.abc import Mapping


class ActionModule(ActionBase):  # type: ignore[misc] # ansible-core has no types
    """Hashes a host's desired state, and has the host compared with it."""

    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> Mapping[str, Any]:
        """Run host_drift on the host."""
        super().run(tmp, task_vars)
        arguments = self.validate_argument_spec(
            argument_spec={
                "cluster_name": {"type": "str", "default": "aisha"},
                "home": {"type": "path", "default": "/opt/aisha"},
                "network": {"type": "str"},
                "desired": {"type": "list", "elements": "dict", "required": True},
                "defaults": {"type": "dict", "default": {}},
                "restart": {"type": "bool", "default": False},
                "whole": {"type": "bool", "default": False},
                "parts": {"type": "list", "elements": "str"},
            }
        )[1]
        network = arguments["network"] or arguments["cluster_name"]
        result: dict[str, Any] = self._execute_module(
            module_name="aisha.cluster.host_drift",
            module_args={
                **{name: arguments[name] for name in ("cluster_name", "home", "restart", "whole")},
                **({"network": network} if arguments["whole"] else {}),
                **hashed(arguments["desired"], arguments["defaults"], network),
            },
            task_vars=task_vars or {},
        )
        if not result.get("failed"):
            result |= selected_drift(
                arguments["desired"], result["instances"], result["changes"], arguments["parts"]
            )
        return result
