# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action instance_logs; its documentation is in plugins/modules/instance_logs.py."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils._instances.labels import INSTANCE_COMPONENTS
from ..plugin_utils._log_follow import in_order, notes

if TYPE_CHECKING:
    from collections.abc import Mapping

display = Display()

_DAY = 86400
# Lines of one instance between two looks; what is more is left out, and said.
_MOST_LINES = 1000
# A look waits so long for something new, in seconds, and two looks are so far apart at least.
_LONGEST_WAIT = 10.0
_SHORTEST_ROUND = 1.0
# Seconds by which the periods of two looks overlap.
_OVERLAP = 10


class ActionModule(ActionBase):  # type: ignore[misc]
    """Shows the logs of a host's instances as they are written."""

    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> Mapping[str, Any]:
        """Show the last lines, and then new ones until the time is over."""
        super().run(tmp, task_vars)
        arguments = self.validate_argument_spec(
            argument_spec={
                "cluster_name": {"type": "str", "default": "aisha"},
                "components": {"type": "list", "elements": "str", "default": INSTANCE_COMPONENTS},
                "matching": {"type": "str", "default": ""},
                "lines": {"type": "int", "default": 20},
                "follow_for": {"type": "float", "default": 600},
            }
        )[1]
        variables = task_vars or {}
        host = str(variables["inventory_hostname"])
        began = time.monotonic()
        until = began + arguments["follow_for"]
        shown = 0
        # Lines that don't match are read too, so as to come by as many that do.
        options = {"period": _DAY, "lines": 5000 if arguments["matching"] else max(1, arguments["lines"])}
        most = arguments["lines"]
        positions: dict[str, str] = {}
        told: set[str] = set()
        self._say_who_waits(host, variables)
        while True:
            looked = time.monotonic()
            result = self._look(arguments, variables, options, positions)
            if "instances" not in result:
                return dict(result)
            instances = result["instances"]
            said = [note for note in notes(instances, host) if note not in told]
            told.update(said)
            lines = [one.text(host) for one in in_order(instances, most)]
            shown += len(lines)
            left_out = [one["name"] for one in instances if one["cut"] and "wait" in options]
            lines += [
                f"{host}/{name}: it writes faster than is read; lines were left out" for name in left_out
            ]
            if said or lines:
                # At once: a Ctrl-C while this process hands something on may leave Ansible waiting for it.
                display.display("\n".join([*said, *lines]))
            positions |= {one["name"]: one["position"] for one in instances}
            if time.monotonic() >= until:
                return {"changed": False, "lines": shown, "instances": [one["name"] for one in instances]}
            time.sleep(max(0.0, _SHORTEST_ROUND - (time.monotonic() - looked)))
            left = until - time.monotonic()
            wait = max(0.0, min(_LONGEST_WAIT, left))
            options = {"period": int(time.monotonic() - began) + _OVERLAP, "lines": _MOST_LINES, "wait": wait}
            most = _MOST_LINES

    @staticmethod
    def _say_who_waits(host: str, variables: Mapping[str, Any]) -> None:
        """Each host takes a fork for as long as it is followed."""
        hosts, forks = variables.get("ansible_play_hosts") or [host], int(variables.get("ansible_forks") or 5)
        if host == hosts[0] and len(hosts) > forks:
            display.display(f"{forks} of {len(hosts)} hosts at a time. For all of them: --forks {len(hosts)}")

    def _look(
        self,
        arguments: Mapping[str, Any],
        variables: dict[str, Any],
        options: Mapping[str, Any],
        positions: Mapping[str, str],
    ) -> Mapping[str, Any]:
        asked = {name: arguments[name] for name in ("cluster_name", "components", "matching")}
        result: Mapping[str, Any] = self._execute_module(
            module_name="aisha.cluster.instance_log_info",
            module_args={**asked, **options, "after": dict(positions), "content": True},
            task_vars=variables,
        )
        return result
