#!/usr/bin/python
# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module host_diagnosis_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_diagnosis_info
short_description: Collect all that tells of a host and of a cluster's containers on it
version_added: 0.1.0
description:
  - Collects inspections and logs of the cluster's containers, what the engine says of itself, the pollers'
    guards, the configuration that nginx works with, releases and the log of runs, the journal of the engine,
    memory, disks, sockets, and whether the services can be reached.
  - All is asked at the same time. What can't be had is told in RV(problems), and is no failure of the module.
  - Bot tokens, and what is secret in the containers' environments, are masked. Nothing is left on the host.
  - The playbook C(diagnose.yml) uses it through M(aisha.cluster.host_diagnosis), which writes the files down.
extends_documentation_fragment:
  - aisha.cluster.attributes
  - aisha.cluster.attributes.info_module
  - aisha.cluster.docker
options:
  cluster_name:
    description: Name of the cluster, as in the label C(aisha.cluster) of its containers.
    type: str
    default: aisha
  home:
    description: The cluster's folder on the host.
    type: path
    default: /opt/aisha
  log_lines:
    description: How many of the last lines of each container's log are read.
    type: int
    default: 5000
  log_bytes:
    description: How long what is kept of one log may be, in bytes if they are all of ASCII.
    type: int
    default: 1048576
  targets:
    description:
      - What this host has to reach, URL by the name that it is called by, without user and password.
      - A container of this host may be named as its network does. Of C(redis+sentinel://) each host is tried.
    type: dict
    default: {}
  patience:
    description: Seconds that one thing may take. All of them together take a little more at most.
    type: float
    default: 30
seealso:
  - module: aisha.cluster.host_diagnosis
author:
  - Aisha Cluster Contributors (@aisha)
"""

EXAMPLES = r"""
---
- name: Look at all of the host
  aisha.cluster.host_diagnosis_info:
    targets:
      Redis: redis://redis.example.com
      Bot API: https://api.telegram.org
  register: host

- name: Show what is wrong at first sight
  ansible.builtin.debug:
    var: host.findings
"""

RETURN = r"""
packed:
  description: The files, content by name, as JSON that was compressed by zlib and written in base64.
  returned: success
  type: str
  sample: eJyrVkrPT0lVslJQyk4FAA8nA0c=
problems:
  description: What couldn't be had, and why.
  returned: success
  type: list
  elements: str
  sample: ["host/journal_docker.txt: no program journalctl on this host"]
findings:
  description: What is wrong at first sight.
  returned: success
  type: list
  elements: str
  sample: ["Redis at redis.example.com:6379: Connection refused."]
active:
  description: Containers of the pollers that hold the lease.
  returned: success
  type: list
  elements: str
  sample: [aisha-bot-polling-1]
pollers:
  description: How many pollers the host runs.
  returned: success
  type: int
  sample: 2
images:
  description: Image of each instance, by the container's name.
  returned: success
  type: dict
  sample: {aisha-worker-1: "localhost:5000/aisha-bot@sha256:1f…"}
now_s:
  description: The host's time at the end, in seconds of the epoch.
  returned: success
  type: float
  sample: 1795560000.1
"""

import base64
import json
import time
import zlib
from typing import TYPE_CHECKING

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._core.docker import REQUIRED_TOGETHER, argument_spec, connector
from ..module_utils._diagnosis.collector import HostDiagnosis

if TYPE_CHECKING:
    from ..module_utils._core.docker import Engine


def main() -> None:
    """Collect what the options name."""
    module = AnsibleModule(
        argument_spec={
            **argument_spec(),
            "cluster_name": {"type": "str", "default": "aisha"},
            "home": {"type": "path", "default": "/opt/aisha"},
            "log_lines": {"type": "int", "default": 5000},
            "log_bytes": {"type": "int", "default": 1048576},
            "targets": {"type": "dict", "default": {}},
            "patience": {"type": "float", "default": 30},
        },
        required_together=REQUIRED_TOGETHER,
        supports_check_mode=True,
    )
    params = module.params
    for name in ("log_lines", "log_bytes", "patience"):
        if params[name] <= 0:
            module.fail_json(msg=f"Option {name}: expected more than 0, found {params[name]:g}.")

    def connect() -> Engine:
        # Without the library, or with options that can't be right, the rest is collected all the same.
        return connector(params)()

    diagnosis = HostDiagnosis(
        connect=connect,
        cluster=params["cluster_name"],
        home=params["home"],
        log_lines=params["log_lines"],
        log_bytes=params["log_bytes"],
        targets=params["targets"],
        patience=params["patience"],
    )
    found = diagnosis.collect()
    packed = base64.b64encode(zlib.compress(json.dumps(found.files).encode())).decode()
    module.exit_json(
        changed=False,
        packed=packed,
        problems=diagnosis.problems,
        findings=found.findings,
        active=found.active,
        pollers=found.pollers,
        images=found.images,
        now_s=round(time.time(), 1),
    )


if __name__ == "__main__":
    main()
