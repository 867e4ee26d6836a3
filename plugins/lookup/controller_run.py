# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup controller_run."""

from __future__ import annotations

DOCUMENTATION = r"""
name: controller_run
short_description: Tell which run of ansible-playbook this is, and whether another one has ended
version_added: 0.1.0
description:
  - Without terms, tells the process of C(ansible-playbook) on the controller, the same in every play and
    task of a run and different in every run.
  - With terms, tells of each run whether it was on this same controller and has certainly ended.
  - It needs Linux. On other controllers a run is named by the controller's name and its process number, and
    never said to have ended.
author:
  - Aisha Cluster Contributors (@aisha)
options:
  _terms:
    description: Runs, as the C(run) of an earlier answer named them.
    type: list
    elements: str
"""

EXAMPLES = r"""
---
- name: Show whose run this is
  ansible.builtin.debug:
    msg: "{{ lookup('aisha.cluster.controller_run').owner }}"
"""

RETURN = r"""
_list:
  description:
    - Without terms one dictionary with C(run), the name of this run, and C(owner), user and name of the
      controller.
    - With terms for each V(true) when it is certain that it has ended.
  type: list
  elements: raw
"""

from typing import Any

from ansible.plugins.lookup import LookupBase

from ..plugin_utils._controller_process import has_ended, owner, this_run


class LookupModule(LookupBase):  # type: ignore[misc]
    """Looks at processes of the controller."""

    def run(
        self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any
    ) -> list[dict[str, str] | bool]:
        """Return this run, or for each term whether it has ended."""
        self.set_options(var_options=variables, direct=kwargs)
        if not terms:
            return [{"run": str(this_run()), "owner": owner()}]
        return [has_ended(str(term)) for term in terms]
