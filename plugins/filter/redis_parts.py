# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter redis_parts."""

from __future__ import annotations

DOCUMENTATION = r"""
name: redis_parts
short_description: What Redis' URL says
version_added: 0.1.0
author: Aisha Cluster Contributors (@aisha)
description:
  - Takes Redis' URL apart. It may name a server, with or without TLS, a socket, or several Sentinels, and may
    have options of whichever client the application has.
  - User and password end at the last C(@) after which a host may stand, so a password needn't be encoded.
  - Never fails. RV(_value.fault) says what is wrong with a URL, and shows none of its values.
options:
  _input:
    description: The URL. An empty one has empty parts.
    type: str
    required: true
  database:
    description: Number of the database in RV(_value.url), instead of the URL's own.
    type: int
seealso:
  - plugin: aisha.cluster.database_parts
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show where Redis is
  ansible.builtin.debug:
    msg: "{{ (redis_url | aisha.cluster.redis_parts).address }}"
"""

RETURN = r"""
_value:
  description: The parts, decoded.
  type: dict
  contains:
    fault: {description: "What was expected and found of a URL that is none; else empty.", type: str}
    sentinels: {description: "Whether it names Sentinels, and not Redis itself.", type: bool}
    tls: {description: "Whether it is asked over TLS.", type: bool}
    host: {description: "Host; empty of a socket and of Sentinels.", type: str}
    port: {description: "Port; C(0) where there is no host.", type: int}
    address: {description: "Where it is, for people.", type: str}
    database: {description: "Number of the database.", type: int}
    user: {description: "Name of the user.", type: str}
    password: {description: "The user's password.", type: str}
    url: {description: "The same as the poll guard understands it, percent-encoded.", type: str}
    probe_url:
      description:
        - The same for a client in another image than the application's. It names no files, and doesn't verify
          a server whose certificate's authority the URL names.
        - Empty of a socket, and where the URL has a client certificate.
      type: str
"""

from typing import TYPE_CHECKING, Any

from ..module_utils._core.connection_url import UrlError
from ..module_utils._core.redis_url import redis_of

if TYPE_CHECKING:
    from collections.abc import Callable

_NOTHING: dict[str, Any] = {
    "fault": "",
    "sentinels": False,
    "tls": False,
    "host": "",
    "port": 0,
    "address": "",
    "database": 0,
    "user": "",
    "password": "",
    "url": "",
    "probe_url": "",
}


def redis_parts(url: str, database: int | None = None) -> dict[str, Any]:
    """Return the parts; raises nothing."""
    if not url:
        return dict(_NOTHING)
    try:
        server = redis_of(str(url))
    except UrlError as error:
        return {**_NOTHING, "fault": str(error)}
    host = "" if server.sentinels else server.url.host
    return {
        "fault": "",
        "sentinels": server.sentinels,
        "tls": server.tls,
        "host": host,
        "port": server.port if host else 0,
        "address": server.address,
        "database": server.database,
        "user": server.url.user,
        "password": server.url.password,
        "url": server.as_url(database),
        "probe_url": server.for_probe(database),
    }


class FilterModule:
    """The filters of this file, for Ansible."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return each filter by its name."""
        return {"redis_parts": redis_parts}
