# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses of hosts, bare and as URLs write them.

Private to this collection. No I/O here.
"""

from __future__ import annotations

import ipaddress


def url_host(host: str) -> str:
    """Return a host as URLs and published ports write it: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def host_port(host: str, port: int | str) -> str:
    """Return host and port as one text."""
    return f"{url_host(host)}:{port}"


def canonical(host: str) -> str:
    """Return a host as the kernel and the engine print it: an address bare and in its shortest form."""
    bare = host.removeprefix("[").removesuffix("]")
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        return bare
