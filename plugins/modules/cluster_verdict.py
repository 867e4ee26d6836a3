#!/usr/bin/python
# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the action cluster_verdict, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_verdict
short_description: End a run with a code that says how a cluster is
version_added: 0.1.0
description:
  - C(ansible-playbook) ends with 0 after V(healthy), with 2 after V(degraded), and with 4 after V(down), when
    this is the last task of the last play.
  - Ansible has codes for a failed task and for a host that can't be reached. With V(down) the task says the
    latter of the host that it runs for, which is to be the controller.
extends_documentation_fragment:
  - aisha.cluster.attributes
attributes:
  check_mode:
    support: full
    details:
      - It changes nothing.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  verdict:
    description: How the cluster is, as RV(aisha.cluster.cluster_report#module:verdict).
    type: str
    required: true
    choices: [healthy, degraded, down]
  msg:
    description: What is said at the end.
    type: str
    required: true
seealso:
  - module: aisha.cluster.cluster_report
author:
  - Aisha Cluster Contributors (@aisha)
"""

EXAMPLES = r"""
---
- name: End with 4 when nobody polls
  aisha.cluster.cluster_verdict:
    verdict: down
    msg: "aisha: expected an active poller, found none."
  delegate_to: localhost
"""

RETURN = r"""
msg:
  description: What was given.
  returned: always
  type: str
  sample: "aisha: expected an active poller, found none."
"""
