#!/usr/bin/python
# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action host_diagnosis, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_diagnosis
short_description: Write all that tells of a host into a folder on the controller
version_added: 0.1.0
description:
  - Runs M(aisha.cluster.host_diagnosis_info) on the host, and writes the files that it collects into a folder
    of the host's name.
  - It is an action that runs on the controller, and is used by C(diagnose.yml).
extends_documentation_fragment:
  - aisha.cluster.attributes
attributes:
  check_mode:
    support: full
    details:
      - The files are written in check mode, too. They tell of what was seen.
  diff_mode:
    support: none
  idempotent:
    support: none
    details:
      - It collects anew each time.
options:
  dest:
    description: Folder on the controller. In it one is made for the host.
    type: path
    required: true
  secrets:
    description: What is masked besides the secrets of the host's own containers. It isn't sent to the host.
    type: list
    elements: str
    default: []
  collect:
    description: Options of M(aisha.cluster.host_diagnosis_info).
    type: dict
    default: {}
seealso:
  - module: aisha.cluster.host_diagnosis_info
  - module: aisha.cluster.diagnosis_archive
author:
  - Aisha Cluster Contributors (@aisha)
"""

EXAMPLES = r"""
---
- name: Collect what tells of the host
  aisha.cluster.host_diagnosis:
    dest: /tmp/diagnosis
    collect:
      targets:
        Redis: redis://redis.example.com
  register: diagnosis
"""

RETURN = r"""
files:
  description: How many files were written.
  returned: success
  type: int
  sample: 31
clock_offset_s:
  description: How far the host's clock is from the controller's, in seconds, as far as that is certain.
  returned: success
  type: float
  sample: 0.0
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
"""
