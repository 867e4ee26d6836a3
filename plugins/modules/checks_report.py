#!/usr/bin/python
# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the action checks_report, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: checks_report
short_description: Show what was checked, and fail with all that isn't well together
version_added: 0.1.0
description:
  - Prints a list of checks that were made on any hosts, a line for each, what failed last and in full.
  - Fails when at least one of them failed, or when there is none.
  - It is an action that runs on the controller, and is used by C(preflight.yml) and C(verify.yml).
extends_documentation_fragment:
  - aisha.cluster.attributes
attributes:
  check_mode:
    support: full
    details:
      - The file at O(path) is written in check mode, too. It tells of what was seen.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  title:
    description: What was checked, as it is to be called.
    type: str
    required: true
  checks:
    description:
      - The checks. Each has C(host), C(check), C(subject) and C(status), which is C(passed), C(warned),
        C(failed) or C(skipped), and may have C(expected), C(found) and C(advice), in words, and C(reason),
        a fixed term.
    type: list
    elements: dict
    required: true
  path:
    description: File on the controller to which the checks are written as JSON, readable by its owner only.
    type: path
seealso:
  - module: aisha.cluster.host_readiness_info
author:
  - Aisha Cluster Contributors (@aisha)
"""

EXAMPLES = r"""
---
- name: Show how much room there is
  aisha.cluster.checks_report:
    title: Room
    checks:
      - host: one
        check: disk
        subject: /var/lib/docker
        status: failed
        expected: 3 GB free
        found: 1 GB
        advice: Run diagnose.yml with the tag prune.
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
counts:
  description: How many checks there are of each status.
  returned: always
  type: dict
  sample: {passed: 30, skipped: 2, warned: 0, failed: 1}
"""
