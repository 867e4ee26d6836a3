#!/usr/bin/python
# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the action cluster_report, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_report
short_description: Show how a cluster is, and write it down
version_added: 0.1.0
description:
  - Prints what hosts said of a cluster, with all that isn't as it should be first, and the verdict last.
  - Writes the same as a JSON document and as one HTML page that needs nothing beside it, readable by their
    owner only.
  - It fails in no case; M(aisha.cluster.cluster_verdict) ends a run as the verdict says.
  - It is an action that runs on the controller, and is used by C(monitor.yml).
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
    support: full
options:
  cluster_name:
    description: Name of the cluster, and of the files.
    type: str
    default: aisha
  looks:
    description:
      - What each host said.
      - Each has C(host), C(wanted), names of the instances that are to be on it, and the registered results
        of the modules that were run, as C(instances) (M(aisha.cluster.instance_info)), C(pollers)
        (M(aisha.cluster.bot_cluster_info)), C(endpoints) (M(aisha.cluster.endpoint_info)), C(logs)
        (M(aisha.cluster.instance_log_info)), C(resources) (M(aisha.cluster.host_resource_info)), C(telegram)
        (M(aisha.cluster.telegram_bot_info)) and C(releases) (M(aisha.cluster.release_info)).
      - One that failed, or whose host could not be reached, is given as it is. What was skipped, or left out,
        isn't judged.
    type: list
    elements: dict
    required: true
  limits:
    description: What is still as it should be.
    type: dict
    default: {}
    suboptions:
      disk_free_pct:
        description: Percent of a disk that have to be free; 15 without it.
        type: float
      memory_available_pct:
        description: Percent of a host's memory that have to be available; 10 without it.
        type: float
      memory_limit_pct:
        description: Percent of its limit that a container may use; 90 without it.
        type: float
      load_per_cpu:
        description: Load over five minutes for each processor; 2 without it.
        type: float
      certificate_days:
        description: Days that a certificate has to be valid; 14 without it.
        type: float
      backlog:
        description: Updates that wait at Telegram which are too many; 100 without it.
        type: int
      errors:
        description: >-
          Lines of a log that tell of errors which are too many; 100 without it. Fewer are a note, which
          leaves the verdict as it is. With V(0) they always are.
        type: int
      poll_age_s:
        description: Seconds since the active poller's last good poll; 60 without it.
        type: float
      restart_age_s:
        description: Seconds back in which the engine may have restarted no container; 3600 without it.
        type: float
  report_dir:
    description:
      - Folder on the controller, made when missing, for C(NAME.json) and C(NAME.html). Without it none is
        written.
      - One that can't be written to is said, and is no failure.
    type: path
seealso:
  - module: aisha.cluster.cluster_verdict
author:
  - Aisha Cluster Contributors (@aisha)
"""

EXAMPLES = r"""
---
- name: Look at this host
  aisha.cluster.instance_info:
    resources: true
  register: here

- name: Show it
  aisha.cluster.cluster_report:
    looks:
      - host: "{{ inventory_hostname }}"
        wanted: [aisha-worker-1]
        instances: "{{ here }}"
    report_dir: reports
"""

RETURN = r"""
verdict:
  description:
    - V(down), when no poller is active, no webhook gets through, or no host can be reached.
    - V(degraded), when anything else isn't as it should be; V(healthy) otherwise.
  returned: success
  type: str
  sample: degraded
problems:
  description: What isn't as it should be, the worst first.
  returned: success
  type: list
  elements: dict
  contains:
    severity: {description: "V(down), V(degraded) or V(note).", returned: always, type: str}
    host: {description: "Where it is; empty for the whole cluster.", returned: always, type: str}
    subject: {description: "What it is about.", returned: always, type: str}
    expected: {description: "What was expected.", returned: always, type: str}
    found: {description: "What was found.", returned: always, type: str}
    advice: {description: "What to do; may be empty.", returned: always, type: str}
    message: {description: "All of it as a sentence.", returned: always, type: str}
  sample:
    - severity: degraded
      host: ""
      subject: aisha
      expected: a standby that is ready to take over
      found: none
      advice: Until there is one, the bot falls silent when the active poller ends.
      message: >-
        aisha: expected a standby that is ready to take over, found none. Until there is one, the bot falls
        silent when the active poller ends.
report:
  description: The JSON document.
  returned: success
  type: dict
files:
  description: What was written.
  returned: success
  type: list
  elements: str
  sample: [/home/ann/reports/aisha.json, /home/ann/reports/aisha.html]
"""
