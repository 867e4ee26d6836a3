#!/usr/bin/python
# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module host_resource_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_resource_info
short_description: Tell a host's load, memory and disks, and how its Docker engine is
version_added: 0.1.0
description:
  - Reads what Linux says of the host, and asks the Docker engine on it.
  - An engine that does not answer, and a value that can not be read, is no failure of the module;
    RV(engine.problem) and RV(problems) say so.
extends_documentation_fragment:
  - aisha.cluster.attributes
  - aisha.cluster.attributes.info_module
  - aisha.cluster.docker
options:
  paths:
    description:
      - Paths whose file systems are told. One that isn't there yet stands for the folder that it would be in.
      - The engine's own folder is told too. Of several paths on the same file system the first is.
    type: list
    elements: str
    default: [/]
author:
  - Aisha Cluster Contributors (@aisha)
"""

EXAMPLES = r"""
---
- name: Look at the host
  aisha.cluster.host_resource_info:
    paths: [/, /opt/aisha]
  register: host

- name: Stop where there is little room
  ansible.builtin.assert:
    that: host.disks | rejectattr('free_bytes', 'ge', 5 * 1024 ** 3) | length == 0
    fail_msg: "{{ inventory_hostname }}: expected 5 GiB free, found {{ host.disks }}"
"""

RETURN = r"""
load:
  description: How many processes wanted to run, on average. V(none) where it can't be read.
  returned: success
  type: dict
  sample: {one_m: 0.31, five_m: 0.42, fifteen_m: 0.4, cpus: 4}
memory:
  description: The host's memory, and what of it programs could still get. V(none) where it can't be read.
  returned: success
  type: dict
  sample: {total_bytes: 33285996544, available_bytes: 31557955584}
disks:
  description: The file systems, each once.
  returned: success
  type: list
  elements: dict
  contains:
    path: {description: "The first of the paths that are on it.", returned: always, type: str}
    total_bytes: {description: "Its size.", returned: always, type: int}
    free_bytes: {description: "What an ordinary user may still write.", returned: always, type: int}
    device: {description: "Number of the file system.", returned: always, type: int}
  sample:
    - {path: /, total_bytes: 30064771072, free_bytes: 16106127360, device: 65024}
engine:
  description: The Docker engine.
  returned: success
  type: dict
  contains:
    version: {description: "Its version; V(none) when it didn't answer.", returned: always, type: str}
    running: {description: "How many containers run.", returned: always, type: int}
    stopped: {description: "How many containers don't.", returned: always, type: int}
    storage_driver: {description: "How it stores containers.", returned: always, type: str}
    folder: {description: "Where it stores everything.", returned: always, type: str}
    problem: {description: "Why it couldn't be asked; V(none) when it could.", returned: always, type: str}
  sample:
    version: 20.10.24
    running: 10
    stopped: 0
    storage_driver: overlay2
    folder: /var/lib/docker
    problem: null
problems:
  description: What could not be read, and why.
  returned: success
  type: list
  elements: str
  sample: []
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._core.docker import REQUIRED_TOGETHER, EngineError, argument_spec, connector
from ..module_utils._host import resources

Read = TypeVar("Read")


def engine_of(params: dict[str, Any]) -> dict[str, Any]:
    """Return what the engine says of itself, or why it says nothing."""
    try:
        info, problem = connector(params)().info(), None
    except EngineError as error:
        info, problem = {}, str(error)
    running = info.get("ContainersRunning")
    return {
        "version": info.get("ServerVersion"),
        "running": running,
        "stopped": None if running is None else info.get("Containers", running) - running,
        "storage_driver": info.get("Driver"),
        "folder": info.get("DockerRootDir"),
        "problem": problem,
    }


def look(params: dict[str, Any]) -> dict[str, Any]:
    """Return what the module returns."""
    problems: list[str] = []

    def read(what: str, reader: Callable[[], Read]) -> Read | None:
        try:
            return reader()
        except (OSError, ValueError) as error:
            problems.append(f"{what}: {error}")
            return None

    engine = engine_of(params)
    # An engine elsewhere has its folder there.
    local = params["docker_host"].startswith("unix:") and engine["folder"]
    disks: dict[int, dict[str, Any]] = {}
    for path in (*params["paths"], *([engine["folder"]] if local else [])):
        disk = read(path, lambda path=path: resources.disk(path))  # type: ignore[misc] # bound where it is made
        if disk is not None:
            disks.setdefault(disk.device, asdict(disk))
    load, memory = read("load", resources.load), read("memory", resources.memory)
    return {
        "load": asdict(load) if load else None,
        "memory": asdict(memory) if memory else None,
        "disks": list(disks.values()),
        "engine": engine,
        "problems": problems,
    }


def main() -> None:
    """Look at the host."""
    module = AnsibleModule(
        argument_spec={**argument_spec(), "paths": {"type": "list", "elements": "str", "default": ["/"]}},
        required_together=REQUIRED_TOGETHER,
        supports_check_mode=True,
    )
    module.exit_json(changed=False, **look(module.params))


if __name__ == "__main__":
    main()
