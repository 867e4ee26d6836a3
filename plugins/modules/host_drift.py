#!/usr/bin/python
# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module host_drift."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_drift
short_description: Compare a host with hashes of its desired state
version_added: 0.1.0
description:
  - The half of M(aisha.cluster.host_plan) that runs on the managed host. Use that action, which hashes the
    desired state on the control node, so that no secret travels to be compared.
  - Creates C(fingerprint.key) in O(home), readable by root alone, where it is missing. The fingerprints in
    the containers' labels are made with it. With O(whole=true) a missing O(home) is left missing.
extends_documentation_fragment:
  - aisha.cluster.attributes
  - aisha.cluster.docker
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  cluster_name:
    description: Name of the cluster, as in the label C(aisha.cluster) of its containers.
    type: str
    default: aisha
  home:
    description: Folder of the cluster on the host.
    type: path
    default: /opt/aisha
  instances:
    description: Desired instances.
    type: list
    elements: dict
    default: []
    suboptions:
      name: {description: "Name of the container.", type: str, required: true}
      image: {description: "Reference of its image.", type: str, required: true}
      state:
        description: Desired state.
        type: str
        choices: [healthy, started, present]
        default: healthy
      replaceable:
        description: Whether another container replaces one that has drifted.
        type: bool
        default: false
      restartable: {description: "Whether O(restart) is meant for it.", type: bool, default: false}
      hashes: {description: "SHA-256 of the fields that it is created with.", type: dict, default: {}}
      memory: {description: "Memory limit in bytes.", type: int}
      restart_policy: {description: "When the engine starts it again.", type: str, default: unless-stopped}
      network: {description: "Network that it is attached to.", type: str}
  restart:
    description: Whether instances that have not drifted are restarted.
    type: bool
    default: false
  whole:
    description:
      - Whether O(instances) and O(finished) are all that the cluster has on this host, so that other
        containers with its label are surplus. A host without an engine is drift then, and no failure.
    type: bool
    default: false
  network:
    description: Name of a network that has to exist.
    type: str
  ports:
    description:
      - Ports that the cluster's containers of this host are to listen at. Without it, RV(conflicts) is empty.
    type: list
    elements: dict
    suboptions:
      number: {description: "The port.", type: int, required: true}
      address: {description: "Where; empty is all addresses.", type: str, default: ""}
      owner: {description: "Name of the container.", type: str, required: true}
  finished:
    description: Containers that have ended with exit code 0, with the labels that tell what they did.
    type: list
    elements: dict
    default: []
    suboptions:
      name: {description: "Name of the container.", type: str, required: true}
      labels: {description: "Labels that it has.", type: dict, default: {}}
  files:
    description: Files.
    type: list
    elements: dict
    default: []
    suboptions:
      path: {description: "Where it is.", type: path, required: true}
      sha256: {description: "SHA-256 of its content. Without it, any will do.", type: str}
      mode: {description: "Its mode. With it, its owner has to be root.", type: str}
  folders:
    description: Folders, owned by root.
    type: list
    elements: dict
    default: []
    suboptions:
      path: {description: "Where it is.", type: path, required: true}
      mode: {description: "Its mode.", type: str, required: true}
  empty_folders:
    description: Folders in which there is nothing.
    type: list
    elements: path
    default: []
  absent:
    description: Files that do not exist.
    type: list
    elements: path
    default: []
  sysctl:
    description: Kernel settings, where the kernel has them.
    type: dict
    default: {}
  daemon_config:
    description: What has to be in O(daemon_config_file), and loaded by the engine.
    type: dict
    default: {}
  daemon_config_file:
    description: The engine's configuration.
    type: path
    default: /etc/docker/daemon.json
seealso:
  - module: aisha.cluster.host_plan
author:
  - Aisha Cluster Contributors (@aisha)
"""

EXAMPLES = r"""
---
- name: Compare the network with its desired state
  aisha.cluster.host_drift:
    network: aisha
"""

RETURN = r"""
instances:
  description: As RV(aisha.cluster.host_plan#module:instances).
  returned: success
  type: dict
changes:
  description: As RV(aisha.cluster.host_plan#module:changes).
  returned: success
  type: list
  elements: dict
conflicts:
  description: Ports and folders that another cluster on this host has, of those that are to be this one's.
  returned: success
  type: list
  elements: str
  sample:
    - port 80 of 10.0.0.1 for shop-nginx-prod, at which container aisha-nginx-prod of cluster aisha listens
network:
  description: What the engine says of O(network). Empty where there is none of that name.
  returned: success
  type: dict
ipv6:
  description: Whether the host's kernel has IPv6.
  returned: success
  type: bool
release:
  description: As RV(aisha.cluster.host_plan#module:release).
  returned: success
  type: dict
"""

from pathlib import Path
from typing import Any

from ..module_utils._core.docker import REQUIRED_TOGETHER, EngineError, argument_spec, connector
from ..module_utils._core.quiet_module import QuietModule
from ..module_utils._host.drift import (
    Change,
    file_changes,
    folder_changes,
    has_ipv6,
    leftover_files,
    sysctl_changes,
    unwanted_files,
)
from ..module_utils._release.records import ReleaseError
from ..module_utils._release.store import FilesError
from ..module_utils._rollout.host_comparison import (
    conflicts_of,
    engine_changes,
    instances_of,
    key_of,
    name_of,
    network_of,
    release_of,
)


def main() -> None:
    """Compare, and create the key where it is missing."""
    name, labels = {"type": "str", "required": True}, {"type": "dict", "default": {}}
    path = {"type": "path", "required": True}
    instance = {
        "name": name,
        "image": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["healthy", "started", "present"], "default": "healthy"},
        "replaceable": {"type": "bool", "default": False},
        "restartable": {"type": "bool", "default": False},
        "hashes": {"type": "dict", "default": {}, "no_log": True},
        "memory": {"type": "int"},
        "restart_policy": {"type": "str", "default": "unless-stopped"},
        "network": {"type": "str"},
    }
    file = {"path": path, "sha256": {"type": "str"}, "mode": {"type": "str"}}
    port = {
        "number": {"type": "int", "required": True},
        "address": {"type": "str", "default": ""},
        "owner": {"type": "str", "required": True},
    }
    folder = {"path": path, "mode": {"type": "str", "required": True}}

    def elements(options: dict[str, Any]) -> dict[str, Any]:
        return {"type": "list", "elements": "dict", "default": [], "options": options}

    module = QuietModule(
        argument_spec={
            **argument_spec(),
            "cluster_name": {"type": "str", "default": "aisha"},
            "home": {"type": "path", "default": "/opt/aisha"},
            "instances": elements(instance),
            "restart": {"type": "bool", "default": False},
            "whole": {"type": "bool", "default": False},
            "network": {"type": "str"},
            "ports": {**elements(port), "default": None},
            "finished": elements({"name": name, "labels": labels}),
            "files": elements(file),
            "folders": elements(folder),
            "empty_folders": {"type": "list", "elements": "path", "default": []},
            "absent": {"type": "list", "elements": "path", "default": []},
            "sysctl": {"type": "dict", "default": {}},
            "daemon_config": {"type": "dict", "default": {}},
            "daemon_config_file": {"type": "path", "default": "/etc/docker/daemon.json"},
        },
        required_together=REQUIRED_TOGETHER,
        supports_check_mode=True,
    )
    params = module.params
    plans: dict[str, Any] = {}
    network: dict[str, Any] = {}
    met: list[str] = []
    try:
        changes = [
            *folder_changes(params["folders"]),
            *file_changes(params["files"]),
            *leftover_files(params["empty_folders"]),
            *unwanted_files(params["absent"]),
            *sysctl_changes(params["sysctl"]),
        ]
        home = Path(params["home"])
        key = b""
        if params["instances"]:
            key = key_of(home, check_mode=module.check_mode, makes_home=not params["whole"])
        release = release_of(params["home"]) if params["whole"] else {}
    except OSError as error:
        module.fail_json(msg=f"{error.filename}: expected to be read, found {error.strerror}.")
    except (FilesError, ReleaseError) as error:
        module.fail_json(msg=f"Releases in {params['home']}: {error}")
    try:
        engine = connector(params)()
        entries = engine.containers({})
        plans = instances_of(engine, params, {name_of(entry) for entry in entries}, key)
        network = network_of(engine, params["network"])
        changes += engine_changes(engine, params, entries, network)
        met = conflicts_of(entries, params)
    except EngineError as error:
        if not params["whole"]:
            module.fail_json(msg=str(error), failure=error.as_failure())
        changes.append(Change("engine", params["docker_host"], error.reason))
    module.exit_json(
        changed=False,
        instances=plans,
        changes=[change.as_dict() for change in changes],
        network=network,
        ipv6=has_ipv6(),
        conflicts=met,
        release=release,
    )


if __name__ == "__main__":
    main()
