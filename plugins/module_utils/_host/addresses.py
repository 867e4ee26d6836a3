# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether an IP address is this machine's.

Private to this collection.
"""

from __future__ import annotations

import ipaddress
import socket

_ANY_PORT = 9


def is_local(address: str) -> bool:
    """Whether an interface of this machine has the address; nothing is sent.

    Binding to it is no test: net.ipv4.ip_nonlocal_bind lets any address be bound. But the kernel sends from
    the address itself to each that is its own, and from another one to all others.

    Args:
        address: an IP address, of IPv6 also in brackets. Anything else is no machine's.
    """
    try:
        parsed = ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        return False
    if parsed.is_loopback or parsed.is_unspecified:
        return True
    family = socket.AF_INET if parsed.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((str(parsed), _ANY_PORT))
            return ipaddress.ip_address(probe.getsockname()[0]) == parsed
    except OSError:
        # No route leads there.
        return False
