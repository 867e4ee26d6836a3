# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action host_plan; its documentation is in plugins/modules/host_plan.py."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.text.formatters import human_to_bytes
from ansible.plugins.action import ActionBase

from ..module_utils._instances.fingerprint import field_hashes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LISTS = ("finished", "folders", "empty_folders", "absent")
_DICTS = ("sysctl", "daemon_config")


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
            }
        )[1]
        network = arguments["network"] or arguments["cluster_name"]
        result: Mapping[str, Any] = self._execute_module(
            module_name="aisha.cluster.host_drift",
            module_args={
                **{name: arguments[name] for name in ("cluster_name", "home", "restart", "whole")},
                **({"network": network} if arguments["whole"] else {}),
                **_hashed(arguments["desired"], arguments["defaults"], network),
            },
            task_vars=task_vars or {},
        )
        return result


def _hashed(parts: Iterable[Mapping[str, Any]], defaults: Mapping[str, Any], network: str) -> dict[str, Any]:
    """Return what host_drift is given of all parts together."""
    whole: dict[str, Any] = {"instances": [], "files": [], **{name: [] for name in _LISTS}}
    whole |= {name: {} for name in _DICTS}
    for part in parts:
        unknown = set(part) - set(whole) - {"daemon_config_file"}
        if unknown:
            known, found = ", ".join(sorted(whole)), ", ".join(sorted(unknown))
            raise AnsibleActionFail(f"host_plan: expected desired to have only {known}; found {found}.")
        whole["instances"] += [_instance(each, defaults, network) for each in part.get("instances") or ()]
        whole["files"] += [_file(each) for each in part.get("files") or ()]
        for name in _LISTS:
            whole[name] += part.get(name) or []
        for name in _DICTS:
            whole[name] |= part.get(name) or {}
        if part.get("daemon_config_file"):
            whole["daemon_config_file"] = part["daemon_config_file"]
    return whole


def _instance(spec: Mapping[str, Any], defaults: Mapping[str, Any], network: str) -> dict[str, Any]:
    spec = {**defaults, **spec}
    try:
        return {
            "name": spec["name"],
            "image": spec["image"],
            "state": spec.get("state") or "healthy",
            "replaceable": spec.get("mode", "run") != "run",
            "restartable": spec.get("mode", "run") != "run" and not spec.get("overlap"),
            "hashes": field_hashes(spec),
            "memory": human_to_bytes(spec["memory"]) if spec.get("memory") else None,
            "restart_policy": spec.get("restart_policy") or "unless-stopped",
            "network": None if spec.get("network_mode") else network,
        }
    except KeyError as error:
        raise AnsibleActionFail(
            f"host_plan: expected each instance to have {error.args[0]}, found none."
        ) from error
    except ValueError as error:
        raise AnsibleActionFail(
            f"{spec['name']}: expected a size in memory, found {spec['memory']}."
        ) from error


def _file(file: Mapping[str, Any]) -> dict[str, Any]:
    content = file.get("content")
    return {
        "path": file["path"],
        **({"mode": file["mode"]} if file.get("mode") else {}),
        **({} if content is None else {"sha256": hashlib.sha256(str(content).encode()).hexdigest()}),
    }
