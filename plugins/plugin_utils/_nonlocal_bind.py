# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kernel settings by which containers publish at an address that the host gets after its engine starts.

Private to this collection. No I/O here.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def nonlocal_bind(instances: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the settings that container specs need, by name; none for loopback and for all addresses.

    Without them the engine fails to start such a container at boot, and never tries again.

    Args:
        instances: container specs, with C(ports) as in Docker's option C(--publish).
    """
    addresses = [_address(str(port)) for spec in instances for port in spec.get("ports") or ()]
    return {
        f"net.ipv{address.version}.ip_nonlocal_bind": "1"
        for address in addresses
        if address and not (address.is_loopback or address.is_unspecified)
    }


def _address(port: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Where a port is published; None where no address is named."""
    published, _colon, _container_port = port.rpartition(":")
    address, _colon, _host_port = published.rpartition(":")
    try:
        return ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        return None
