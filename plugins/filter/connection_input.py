# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter connection_input."""

from __future__ import annotations

DOCUMENTATION = r"""
name: connection_input
short_description: Make a connection URL from its parts
version_added: 0.1.0
author: Aisha Cluster Contributors (@aisha)
description:
  - Returns a service's connection URL, which an inventory gives either whole or in parts. Parts are
    percent-encoded where they need it. A URL that is given whole stays as it is.
  - Never fails. RV(_value.fault) says what is wrong with the inputs, and shows none of their values.
positional: _input, prefix
options:
  _input:
    description: The URL, or empty text where there are parts.
    type: str
    required: true
  prefix:
    description: What the names of the inputs begin with, such as V(database); messages name them.
    type: str
    required: true
  scheme:
    description: What stands before C(://).
    type: str
    required: true
  host:
    description: Name or address of the host.
    type: str
    default: ""
  port:
    description: Port; V(0) leaves it out of the URL.
    type: int
    default: 0
  user:
    description: Name of the user.
    type: str
    default: ""
  password:
    description: The user's password, not encoded.
    type: str
    default: ""
  name:
    description: Name of the database.
    type: str
    default: ""
  database:
    description: Number of the database, of a service that numbers them, instead of O(name).
    type: int
  options:
    description: What stands behind the question mark, name to string.
    type: dict
    default: {}
seealso:
  - plugin: aisha.cluster.database_parts
    plugin_type: filter
  - plugin: aisha.cluster.redis_parts
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show the URL of a database
  ansible.builtin.debug:
    msg: >-
      {{ ('' | aisha.cluster.connection_input('database', scheme='postgresql', host='db.example.com',
                                              name='bot', user='bot', password='p@ss/word')).url }}
"""

RETURN = r"""
_value:
  description: The URL, and what is wrong with the inputs.
  type: dict
  contains:
    url: {description: "The URL; empty where nothing is given, and where RV(_value.fault) isn't.", type: str}
    fault: {description: "Which input is wrong, what was expected, what was found; else empty.", type: str}
"""

from typing import TYPE_CHECKING, Any

from ..plugin_utils._inputs.connection_parts import ConnectionInputError, connection_url

if TYPE_CHECKING:
    from collections.abc import Callable


def connection_input(url: str, prefix: str, **parts: Any) -> dict[str, str]:
    """Return the URL and what is wrong; raises nothing."""
    try:
        return {"url": connection_url(prefix, str(url or ""), parts), "fault": ""}
    except ConnectionInputError as error:
        return {"url": "", "fault": str(error)}


class FilterModule:
    """The filters of this file, for Ansible."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return each filter by its name."""
        return {"connection_input": connection_input}
