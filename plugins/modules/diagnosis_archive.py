#!/usr/bin/python
# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action diagnosis_archive, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: diagnosis_archive
short_description: Pack what was collected of all hosts into one archive, with a summary
version_added: 0.1.0
description:
  - Packs what M(aisha.cluster.host_diagnosis) has written into a gzipped tar that only its owner can read,
    named C(cluster-YYYYmmddTHHMMSSZ.tar.gz), and shows the summary that it begins with.
  - A host that couldn't be reached is told in the summary. When nothing was collected of any host, it fails.
  - It is an action that runs on the controller, and is used by C(diagnose.yml).
extends_documentation_fragment:
  - aisha.cluster.attributes
attributes:
  check_mode:
    support: full
    details:
      - The archive is written in check mode, too. It tells of what was seen.
  diff_mode:
    support: none
  idempotent:
    support: none
    details:
      - It writes another archive each time.
options:
  source:
    description: Folder on the controller with a folder for each host.
    type: path
    required: true
  dest:
    description: Folder on the controller for the archive. It is made when there is none.
    type: path
    required: true
  cluster_name:
    description: Name of the cluster, for the summary.
    type: str
    default: aisha
  hosts:
    description: What M(aisha.cluster.host_diagnosis) has returned, by host; empty for one that wasn't asked.
    type: dict
    required: true
seealso:
  - module: aisha.cluster.host_diagnosis
author:
  - Aisha Cluster Contributors (@aisha)
"""

EXAMPLES = r"""
---
- name: Pack what was collected
  aisha.cluster.diagnosis_archive:
    source: /tmp/diagnosis
    dest: ./reports
    hosts:
      one: "{{ hostvars.one.diagnosis }}"
      two: "{{ hostvars.two.diagnosis }}"
  run_once: true
"""

RETURN = r"""
path:
  description: The archive.
  returned: success
  type: str
  sample: ./reports/cluster-20261124T221252Z.tar.gz
summary:
  description: The text of the archive's C(summary.txt).
  returned: success
  type: str
"""
