# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup launch_command."""

from __future__ import annotations

DOCUMENTATION = r"""
name: launch_command
short_description: How to run another playbook of the collection as this one was run
version_added: 0.1.0
description:
  - Returns the command with the inventory, the options for passwords and vaults, and the path with which this
    run was started, so that a message can be copied as it stands. Values of C(-e) may be secrets and are left
    out.
  - In a job of AWX it returns the name of the job template.
author:
  - Aisha Cluster Contributors (@aisha)
options:
  _terms:
    description: Playbooks, by their file, such as C(site.yml); further arguments may follow a name.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
---
- name: Show how to deploy
  ansible.builtin.debug:
    msg: "Run {{ lookup('aisha.cluster.launch_command', 'site.yml') }}."
"""

RETURN = r"""
_list:
  description: For each playbook what to run.
  type: list
  elements: str
  sample: ["`ansible-playbook -i inventory/production playbooks/site.yml`"]
"""

from typing import Any

from ansible.plugins.lookup import LookupBase

from ..plugin_utils._launch import Launch


class LookupModule(LookupBase):  # type: ignore[misc] # ansible-core has no types
    """Returns how to run a playbook."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """Return what to run for each playbook."""
        self.set_options(var_options=variables, direct=kwargs)
        launch = Launch.of_run(variables or {})
        return [launch.command(*str(term).partition(" ")[::2]) for term in terms]
