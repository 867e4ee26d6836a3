# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the parts of a cluster desire of a host: as hashes, and whose of them has drifted.

Private to this collection. No I/O here.
"""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.text.formatters import human_to_bytes

from ..module_utils._instances.fingerprint import field_hashes
from ._nonlocal_bind import nonlocal_bind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_LISTS = ("finished", "folders", "empty_folders", "absent")
_DICTS = ("sysctl", "daemon_config")
_OWN = ("part", "components", "daemon_config_file")


def hashed(parts: Iterable[Mapping[str, Any]], defaults: Mapping[str, Any], network: str) -> dict[str, Any]:
    """Return what host_drift is given of all parts together.

    Args:
        parts: what each desires, as the option desired of host_plan.
        defaults: what an instance has unless it says otherwise.
        network: the cluster's network.

    Raises:
        AnsibleActionFail: a part desires what there is no word for, or an instance lacks what it needs.
    """
    whole: dict[str, Any] = {"instances": [], "files": [], **{name: [] for name in _LISTS}}
    whole |= {name: {} for name in _DICTS}
    for part in parts:
        unknown = set(part) - set(whole) - set(_OWN)
        if unknown:
            known, found = ", ".join(sorted([*whole, *_OWN])), ", ".join(sorted(unknown))
            raise AnsibleActionFail(f"host_plan: expected desired to have only {known}; found {found}.")
        whole["instances"] += [_instance(each, defaults, network) for each in part.get("instances") or ()]
        whole["files"] += [_file(each) for each in part.get("files") or ()]
        for name in _LISTS:
            whole[name] += part.get(name) or []
        for name in _DICTS:
            whole[name] |= part.get(name) or {}
        whole["sysctl"] |= nonlocal_bind(part.get("instances") or ())
        if part.get("daemon_config_file"):
            whole["daemon_config_file"] = part["daemon_config_file"]
    return whole


def selected_drift(
    parts: Sequence[Mapping[str, Any]],
    instances: Mapping[str, Mapping[str, Any]],
    changes: Iterable[Mapping[str, str]],
    selected: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Return the drift of the selected parts, and which of them and of the others have drifted.

    What has drifted and is no part's is of all of them.

    Args:
        parts: what each desires, as the option desired of host_plan.
        instances: the plan of each instance, by its name.
        changes: what else has drifted.
        selected: names of parts; None selects all.

    Returns:
        instances, changes, parts and other_parts, as host_plan returns them.
    """
    owners: dict[tuple[str, str], str] = {}
    for part in parts:
        owners |= dict.fromkeys(_owned(part), part.get("part") or "")
    instance_owners = {name: owners.get(("instance", name), "") for name in instances}
    owned_changes = [(_owner(change, owners), change) for change in changes]
    found = {owner for name, owner in instance_owners.items() if instances[name]["action"] != "none"}
    found |= {owner for owner, _change in owned_changes}
    drifted = {part["part"] for part in parts if part.get("part")} if "" in found else found

    def is_selected(owner: str) -> bool:
        return selected is None or not owner or owner in selected

    return {
        "instances": {name: plan for name, plan in instances.items() if is_selected(instance_owners[name])},
        "changes": [change for owner, change in owned_changes if is_selected(owner)],
        "parts": sorted(filter(is_selected, drifted)),
        "other_parts": sorted(part for part in drifted if not is_selected(part)),
    }


def _owned(part: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Yield what is the part's, as a kind and a name."""
    yield from (("instance", each["name"]) for each in part.get("instances") or ())
    yield from (("container", each["name"]) for each in part.get("finished") or ())
    yield from (("component", name) for name in part.get("components") or ())
    for kind, option in (("file", "files"), ("folder", "folders")):
        yield from ((kind, each["path"]) for each in part.get(option) or ())
    yield from (("file", path) for path in part.get("absent") or ())
    yield from (("content", path) for path in part.get("empty_folders") or ())
    yield from (("sysctl", name) for name in part.get("sysctl") or ())
    yield from (("sysctl", name) for name in nonlocal_bind(part.get("instances") or ()))
    if part.get("daemon_config"):
        yield "engine", part.get("daemon_config_file") or "/etc/docker/daemon.json"


def _owner(change: Mapping[str, str], owners: Mapping[tuple[str, str], str]) -> str:
    kind, subject = change["kind"], change["subject"]
    keys = [(kind, subject)]
    if kind == "container":
        keys.append(("component", change["component"]))
    if kind == "file":
        keys.append(("content", str(PurePosixPath(subject).parent)))
    return next((owners[key] for key in keys if key in owners), "")


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
    content = None if file.get("keep") else file.get("content")
    return {
        "path": file["path"],
        **({"mode": file["mode"]} if file.get("mode") else {}),
        **({} if content is None else {"sha256": hashlib.sha256(str(content).encode()).hexdigest()}),
    }
