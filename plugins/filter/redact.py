# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter redact."""

from __future__ import annotations

DOCUMENTATION = r"""
name: redact
short_description: A text without secrets
version_added: 0.1.0
author: Aisha Cluster Contributors (@aisha)
description:
  - Masks the secrets that a program was given in its environment, and whatever has the shape of a bot token
    or of a password in a URL.
  - A variable is secret by its name, such as C(POSTGRES_PASSWORD), or by its shape, such as a URL with a
    password, which needn't be encoded.
positional: environment
options:
  _input:
    description: The text, such as the output of a program.
    type: str
    required: true
  environment:
    description: The program's environment variables by name, or a list of such dictionaries.
    type: raw
    default: {}
"""

EXAMPLES = r"""
- name: Report why a program failed
  ansible.builtin.debug:
    msg: "{{ 'no route to bot:hu/sh@db' | aisha.cluster.redact({'DATABASE_URL': 'db://bot:hu/sh@db'}) }}"
"""

RETURN = r"""
_value:
  description: The text, with C(***) in place of each secret.
  type: str
  sample: no route to bot:***@db
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..module_utils._core.redaction import Redactor
from ..plugin_utils._inputs.values import text_of

if TYPE_CHECKING:
    from collections.abc import Callable


def redact(text: Any, environment: Any = None) -> str:
    """Return the text without secrets; raises nothing that has one."""
    environments = [environment] if isinstance(environment, Mapping) else environment or ()
    redactor = Redactor.of(
        f"{name}={text_of(value)}"
        for each in environments
        if isinstance(each, Mapping)
        for name, value in each.items()
    )
    return str(redactor(str(text)))


class FilterModule:
    """The filters of this file, for Ansible."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return each filter by its name."""
        return {"redact": redact}
