# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup selected_parts."""

from __future__ import annotations

DOCUMENTATION = r"""
name: selected_parts
short_description: Return the parts of a cluster that C(--tags) and C(--skip-tags) select
version_added: 0.1.0
description:
  - Returns the parts that a run is of by the options of C(ansible-playbook). Fails with one sentence if these
    can't be honored.
  - In the keyword C(hosts) of a play it is evaluated before any task, whatever is skipped.
  - C(--start-at-task) is always refused.
  - A tag in C(--skip-tags) that is no part's skips nothing, and is ignored.
author:
  - Aisha Cluster Contributors (@aisha)
options:
  _terms:
    description: Parts that can be selected, each by a tag of its name.
    type: list
    elements: str
  needs:
    description: For a part, the parts that it can't do without. They are selected with it.
    type: dict
    default: {}
  hosts:
    description: Hosts that C(--limit) must not exclude. It can be found out only in the keyword C(hosts).
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
---
- name: Show what is selected
  ansible.builtin.debug:
    msg: "{{ query('aisha.cluster.selected_parts', 'webhook_api', 'nginx', 'workers') }}"
"""

RETURN = r"""
_list:
  description: Names of the selected parts; empty if neither C(--tags) nor C(--skip-tags) selects.
  type: list
  elements: str
"""

from typing import Any

from ansible import context
from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ..plugin_utils._run_options import RunOptions, refuse_limit, refuse_start_at_task, selected_parts


class LookupModule(LookupBase):  # type: ignore[misc] # ansible-core has no types
    """Reads the options of ansible-playbook."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """Return the selected parts."""
        self.set_options(var_options=variables, direct=kwargs)
        given = context.CLIARGS
        options = RunOptions(
            tuple(given.get("tags") or ("all",)),
            tuple(given.get("skip_tags") or ()),
            given.get("start_at_task") or "",
            given.get("subset") or "",
        )
        try:
            refuse_start_at_task(options)
            refuse_limit(
                options, self.get_option("hosts"), (variables or {}).get("ansible_play_hosts_all") or ()
            )
            return selected_parts(options, terms, self.get_option("needs"))
        except ValueError as error:
            raise AnsibleLookupError(str(error)) from error
