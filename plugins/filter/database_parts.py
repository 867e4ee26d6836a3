# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter database_parts."""

from __future__ import annotations

DOCUMENTATION = r"""
name: database_parts
short_description: What a database's URL says
version_added: 0.1.0
author: Aisha Cluster Contributors (@aisha)
description:
  - Takes the URL of an application's database apart, in the dialect of whichever library the application has.
  - User and password end at the last C(@) after which a host may stand, so a password needn't be encoded.
  - Never fails. RV(_value.fault) says what is wrong with a URL, and shows none of its values.
options:
  _input:
    description: The URL. An empty one has empty parts.
    type: str
    required: true
seealso:
  - plugin: aisha.cluster.redis_parts
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show where the database is
  ansible.builtin.debug:
    msg: "{{ (database_url | aisha.cluster.database_parts).host }}"
"""

RETURN = r"""
_value:
  description: The parts, decoded.
  type: dict
  contains:
    fault: {description: "What was expected and found of a URL that is none; else empty.", type: str}
    is_postgresql:
      description: Whether it is PostgreSQL. Of anything else the other parts are empty.
      type: bool
    host: {description: "First host, or folder of the socket.", type: str}
    port: {description: "The first host's port; C(0) where there is no host.", type: int}
    database: {description: "Name of the database.", type: str}
    user: {description: "Name of the user.", type: str}
    password: {description: "The user's password.", type: str}
    ssl_mode: {description: "C(sslmode) as libpq has it; empty where the URL says nothing.", type: str}
    address: {description: "Where it is, for people.", type: str}
    url: {description: "The same as libpq understands it, with what libpq knows of the options.", type: str}
    probe_url:
      description:
        - The same for a client in another image than the application's. It names no files, and requires TLS
          without verifying the server where the URL has it verified.
        - Empty of a socket, and where the URL has a client certificate.
      type: str
"""

from typing import TYPE_CHECKING, Any

from ..module_utils._core.connection_url import UrlError
from ..module_utils._core.database_url import database_of, is_other

if TYPE_CHECKING:
    from collections.abc import Callable

_NOTHING: dict[str, Any] = {
    "fault": "",
    "is_postgresql": False,
    "host": "",
    "port": 0,
    "database": "",
    "user": "",
    "password": "",
    "ssl_mode": "",
    "address": "",
    "url": "",
    "probe_url": "",
}


def database_parts(url: str) -> dict[str, Any]:
    """Return the parts; raises nothing."""
    if not url or is_other(str(url)):
        return dict(_NOTHING)
    try:
        database = database_of(str(url))
    except UrlError as error:
        return {**_NOTHING, "fault": str(error)}
    return {
        "fault": "",
        "is_postgresql": True,
        "host": database.host,
        "port": database.port,
        "database": database.url.path,
        "user": database.url.user,
        "password": database.url.password,
        "ssl_mode": database.ssl_mode,
        "address": database.url.address,
        "url": database.for_libpq(),
        "probe_url": database.for_probe(),
    }


class FilterModule:
    """The filters of this file, for Ansible."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return each filter by its name."""
        return {"database_parts": database_parts}
