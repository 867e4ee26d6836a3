# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter checklist."""

from __future__ import annotations

DOCUMENTATION = r"""
name: checklist
short_description: Tick the checklist after a deployment by what modules returned
version_added: 0.1.0
author: Aisha Cluster Contributors (@aisha)
description:
  - Turns the results that C(verify.yml) has registered into checks, for M(aisha.cluster.checks_report).
options:
  _input:
    description:
      - What was seen. C(hosts) has for each host its C(wanted) instances and the results C(instances),
        C(pollers), C(logs), C(page), C(unsigned) and C(services), or nothing where it couldn't be reached.
        C(keeper), C(pollers), C(replicas), C(release), C(asked), C(registry), C(bot), C(answer), C(webhook)
        and C(alerts) are of the whole cluster.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the checklist
  aisha.cluster.checks_report:
    title: Checklist
    checks: "{{ seen | aisha.cluster.checklist }}"
"""

RETURN = r"""
_value:
  description: The checks, each with its host.
  type: list
  elements: dict
"""

from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleFilterError

from ..plugin_utils._verify.checklist import checklist as tick
from ..plugin_utils._verify.inputs import Cluster, Host

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def checklist(seen: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the checklist of what was seen; raises AnsibleFilterError for what it doesn't know."""
    try:
        hosts = {name: Host(**host) if host else None for name, host in seen["hosts"].items()}
        cluster = Cluster(**{**seen, "hosts": hosts})
    except (KeyError, TypeError) as error:
        raise AnsibleFilterError(f"checklist: expected what its documentation says, found {error}") from error
    return [{"host": host, **check.as_dict()} for host, check in tick(cluster)]


class FilterModule:
    """The filters of this file, for Ansible."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return each filter by its name."""
        return {"checklist": checklist}
