# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter command_words."""

from __future__ import annotations

DOCUMENTATION = r"""
name: command_words
short_description: The words of a command
version_added: 0.1.0
author: Aisha Cluster Contributors (@aisha)
description:
  - Returns a list of words as it is, and splits a line as a shell splits it. Nothing is expanded.
options:
  _input:
    description: The command.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Show the words of a command
  ansible.builtin.debug:
    msg: "{{ 'python -m bot --name \"my bot\"' | aisha.cluster.command_words }}"
"""

RETURN = r"""
_value:
  description: The words.
  type: list
  elements: str
  sample: [python, -m, bot, --name, my bot]
"""

from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleFilterError

from ..plugin_utils._inputs import values

if TYPE_CHECKING:
    from collections.abc import Callable


def command_words(value: Any) -> list[str]:
    """Return the words; raises AnsibleFilterError where it is no command."""
    try:
        return values.command_words(value)
    except ValueError as error:
        raise AnsibleFilterError(f"command_words: {error}") from error


class FilterModule:
    """The filters of this file, for Ansible."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return each filter by its name."""
        return {"command_words": command_words}
