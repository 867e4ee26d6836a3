#!/usr/bin/python
# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action instance_logs, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: instance_logs
short_description: Follow the logs of a cluster's instances on the terminal
version_added: 0.1.0
description:
  - Shows the last lines of the logs of all instances of the hosts, and then new ones as they are written,
    each with its time in UTC, host and instance in front of it.
  - Lines of one host are in the order of their times, look by look. A look takes what was written since the
    one before, and waits some seconds for it.
  - Bot tokens, and the secrets of the instances' environments, are masked. Sequences that would have the
    terminal do something are left out.
  - It is an action that runs on the controller, and is used by C(logs.yml). As many hosts are followed at
    once as Ansible has forks.
extends_documentation_fragment:
  - aisha.cluster.attributes
  - aisha.cluster.attributes.info_module
options:
  cluster_name:
    description: Name of the cluster, as in the label C(aisha.cluster) of its containers.
    type: str
    default: aisha
  components:
    description: Components whose instances are shown, as in their label C(aisha.component).
    type: list
    elements: str
    default: [webhook-api, bot-polling, worker, nginx]
  matching:
    description: A regular expression, of Python. Only lines in which it is found are shown.
    type: str
    default: ""
  lines:
    description: How many lines of each instance are shown first.
    type: int
    default: 20
  follow_for:
    description: Seconds until it ends; V(0) shows what there is and ends.
    type: float
    default: 600
seealso:
  - module: aisha.cluster.instance_log_info
author:
  - Aisha Cluster Contributors (@aisha)
"""

EXAMPLES = r"""
---
- name: Follow the workers for a minute
  aisha.cluster.instance_logs:
    components: [worker]
    follow_for: 60
"""

RETURN = r"""
lines:
  description: How many lines were shown.
  returned: success
  type: int
  sample: 212
instances:
  description: Containers that were there at the end.
  returned: success
  type: list
  elements: str
  sample: [aisha-worker-1]
"""
