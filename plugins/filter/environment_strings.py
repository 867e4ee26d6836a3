# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter environment_strings."""

from __future__ import annotations

DOCUMENTATION = r"""
name: environment_strings
short_description: Environment variables as text
version_added: 0.1.0
author: Aisha Cluster Contributors (@aisha)
description:
  - Returns the variables with each value as the text that a process gets. Numbers are written in decimal,
    true and false as C(true) and C(false), and nothing as an empty value.
options:
  _input:
    description: The variables by name.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what an application gets
  ansible.builtin.debug:
    msg: "{{ {'DEBUG': true, 'WORKERS': 2} | aisha.cluster.environment_strings }}"
"""

RETURN = r"""
_value:
  description: Name to text.
  type: dict
  sample: {DEBUG: "true", WORKERS: "2"}
"""

from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleFilterError

from ..plugin_utils._inputs import values

if TYPE_CHECKING:
    from collections.abc import Callable


def environment_strings(value: Any) -> dict[str, str]:
    """Return the variables; raises AnsibleFilterError where they can't be any."""
    try:
        return values.environment_strings(value)
    except ValueError as error:
        raise AnsibleFilterError(f"environment_strings: {error}") from error


class FilterModule:
    """The filters of this file, for Ansible."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return each filter by its name."""
        return {"environment_strings": environment_strings}
