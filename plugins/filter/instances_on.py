# Copyright (c) Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of a cluster's instances live on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
name: instances_on
short_description: Numbers of the instances that live on a host
version_added: 0.1.0
author: Aisha Cluster Contributors (@aisha)
description:
  - Spreads a count of instances over hosts, in the order in which the hosts are given.
  - Instance C(n) lives on host C((n - 1) mod hosts).
positional: host, hosts
options:
  _input:
    description: How many instances the cluster has.
    type: int
    required: true
  host:
    description: Inventory name of the host that is asked about.
    type: str
    required: true
  hosts:
    description: Inventory names of all hosts that instances are spread over.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Show which of five workers live here
  ansible.builtin.debug:
    msg: "{{ 5 | aisha.cluster.instances_on(inventory_hostname, groups['bot_cluster']) }}"
"""

RETURN = r"""
_value:
  description: The numbers, from 1 on, in rising order.
  type: list
  elements: int
  sample: [1, 3, 5]
"""

from collections.abc import Callable, Sequence

from ansible.errors import AnsibleFilterError


def instances_on(count: int, host: str, hosts: Sequence[str]) -> list[int]:
    """Return the numbers of the instances that live on ``host``.

    Raises AnsibleFilterError when the host isn't one of ``hosts`` or the count is negative.
    """
    if host not in hosts:
        raise AnsibleFilterError(f"instances_on: expected one of the hosts {', '.join(hosts)}; found {host}")
    if int(count) < 0:
        raise AnsibleFilterError(f"instances_on: expected a count of 0 or more; found {count}")
    return list(range(list(hosts).index(host) + 1, int(count) + 1, len(hosts)))


class FilterModule:
    """The filters of this file, for Ansible."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return each filter by its name."""
        return {"instances_on": instances_on}
