#!/usr/bin/python
# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action host_plan, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_plan
short_description: Plan what brings a host to its desired state
version_added: 0.1.0
description:
  - Compares all that is desired of a host with what there is, in one call of M(aisha.cluster.host_drift), and
    returns what has drifted.
  - It is an action. The desired state is hashed on the control node, and only hashes travel.
  - An instance is compared by the label C(aisha.spec) of its container, a keyed hash of each field that the
    container was created with; by its image; and by its state. The label is the fingerprint in
    RV(instances), and whoever creates the container sets it.
extends_documentation_fragment:
  - aisha.cluster.attributes
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
    description: Folder of the cluster on the host, with the key of its fingerprints.
    type: path
    default: /opt/aisha
  network:
    description: Name of the cluster's network. Without it, the cluster's name.
    type: str
  desired:
    description:
      - What each part of the cluster desires of the host. A part may have C(instances), container specs as
        the role C(cluster) deploys them; C(files), each with its C(path) and, where they matter, C(content)
        and C(mode); C(folders), with C(path) and C(mode); C(empty_folders); C(absent), files that do not
        exist; C(finished), containers that have ended well, with C(name) and C(labels); C(sysctl); and
        C(daemon_config), with C(daemon_config_file).
      - C(part) is the part's name, for RV(parts), and C(components) whose surplus containers it removes.
    type: list
    elements: dict
    required: true
  defaults:
    description: What an instance has unless it says otherwise, such as C(log_driver).
    type: dict
    default: {}
  restart:
    description: Whether instances that have not drifted are restarted.
    type: bool
    default: false
  whole:
    description:
      - Whether O(desired) is all that the cluster has on this host. Other containers of the cluster are
        surplus then, the network has to exist, and a host without an engine is drift and no failure.
    type: bool
    default: false
  parts:
    description:
      - Names of the parts of O(desired) whose drift is returned. Without it, the drift of all.
      - What has drifted and belongs to no part is returned in any case.
    type: list
    elements: str
seealso:
  - module: aisha.cluster.host_drift
author:
  - Aisha Cluster Contributors (@aisha)
"""

EXAMPLES = r"""
---
- name: Plan the workers
  aisha.cluster.host_plan:
    desired:
      - instances:
          - name: aisha-worker-1
            image: ghcr.io/example/bot:1.4
            mode: replace
            command: [worker]
            memory: 512m
  register: plan
"""

RETURN = r"""
instances:
  description: What each desired instance needs, by its name.
  returned: success
  type: dict
  sample:
    aisha-worker-1:
      {action: replace, from: "bot:1", to: "bot:2", differs: [env], fingerprint: '{"env":"0f3b6a2d9c1e"}'}
  contains:
    action:
      description:
        - V(none); V(run), it is created, started, or changed where it is; V(replace), another container takes
          its place; V(restart), as asked for.
      returned: always
      type: str
    from: {description: "Image that it has; empty when there is no container.", returned: always, type: str}
    to: {description: "Image that it gets.", returned: always, type: str}
    differs:
      description:
        - Fields that have drifted besides the image, as C(community.docker.docker_container) calls them;
          C(spec) where the container has no fingerprint.
      returned: always
      type: list
      elements: str
    fingerprint: {description: "Value of the label C(aisha.spec).", returned: always, type: str}
parts:
  description:
    - Names of the parts of O(desired) that have drifted, as far as they are in O(parts).
    - All of these where something that belongs to no part has drifted.
  returned: success
  type: list
  elements: str
  sample: [nginx, webhook_api]
other_parts:
  description: Names of those that have drifted and are not in O(parts).
  returned: success
  type: list
  elements: str
  sample: []
network:
  description: As RV(aisha.cluster.host_drift#module:network), of O(network).
  returned: success
  type: dict
release:
  description:
    - With O(whole), the record of the current release, as M(aisha.cluster.release_record) returns one. Empty
      on a host without records.
  returned: success
  type: dict
changes:
  description: What else has drifted.
  returned: success
  type: list
  elements: dict
  sample: [{kind: file, subject: /opt/aisha/nginx/nginx.conf, reason: content, component: ""}]
  contains:
    kind:
      description: V(file), V(folder), V(network), V(container), V(sysctl) or V(engine).
      returned: always
      type: str
    subject: {description: "Path or name.", returned: always, type: str}
    reason: {description: "What has drifted, in a few words.", returned: always, type: str}
    component:
      description: Component of a container that is surplus, as its label C(aisha.component). Empty otherwise.
      returned: always
      type: str
"""
