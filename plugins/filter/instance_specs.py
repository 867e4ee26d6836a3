# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter instance_specs."""

from __future__ import annotations

DOCUMENTATION = r"""
name: instance_specs
short_description: Container specs of numbered instances
version_added: 0.1.0
author: Aisha Cluster Contributors (@aisha)
description:
  - Returns one container spec for each number, made of what the instances of a component have in common.
  - Each has a C(name) of O(cluster_name), the component and the number, and C(INSTANCE_ID) in its C(env).
positional: common, cluster_name
options:
  _input:
    description: Numbers of the instances, in the order in which they are deployed.
    type: list
    elements: int
    required: true
  common:
    description: What all of them have. Its label C(aisha.component) is the component.
    type: dict
    required: true
  cluster_name:
    description: Name of the cluster.
    type: str
    required: true
  own:
    description: What one of them has besides, by its number.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Show the specs of two workers
  ansible.builtin.debug:
    msg: "{{ [1, 2] | aisha.cluster.instance_specs(worker, 'aisha') }}"
  vars:
    worker:
      image: ghcr.io/example/bot:1.4
      labels: {aisha.component: worker}
"""

RETURN = r"""
_value:
  description: The specs, in the order of the numbers.
  type: list
  elements: dict
  sample:
    - name: aisha-worker-1
      image: ghcr.io/example/bot:1.4
      labels: {aisha.component: worker}
      env: {INSTANCE_ID: worker-1}
"""

from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleFilterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


def instance_specs(
    numbers: Iterable[int],
    common: Mapping[str, Any],
    cluster_name: str,
    own: Mapping[int, Mapping[str, Any]] | None = None,
) -> list[dict[str, Any]]:
    """Return the specs; raises AnsibleFilterError where the component is not known."""
    component = (common.get("labels") or {}).get("aisha.component")
    if not component:
        raise AnsibleFilterError("instance_specs: expected a label aisha.component, found none")
    return [
        {
            **common,
            "name": f"{cluster_name}-{component}-{number}",
            "env": {**(common.get("env") or {}), "INSTANCE_ID": f"{component}-{number}"},
            **(own or {}).get(number, {}),
        }
        for number in numbers
    ]


class FilterModule:
    """The filters of this file, for Ansible."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return each filter by its name."""
        return {"instance_specs": instance_specs}
