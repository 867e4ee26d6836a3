# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which registries images come from, and where they are asked.

Private to this collection. No I/O here.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

_HUB = "docker.io"
_HUB_URL = "https://registry-1.docker.io"


def registry_of(image: str) -> str:
    """Return the registry of an image's name, as an engine understands it."""
    first, slash, _rest = image.partition("/")
    if slash and (set(first) & set(".:") or first == "localhost"):
        return _HUB if first in ("index.docker.io", _HUB) else first
    return _HUB


def by_registry(images: Iterable[str], own: str) -> dict[str, list[str]]:
    """Return images by the registry that they come from, without the cluster's own."""
    found: dict[str, list[str]] = {}
    for image in dict.fromkeys(images):
        registry = registry_of(image)
        if registry != own:
            found.setdefault(registry, []).append(image)
    return found


def addresses(registry: str, mirrors: Sequence[str], insecure: Collection[str]) -> list[str]:
    """Return the addresses at which an engine asks for a registry's images, in its order.

    Args:
        registry: its host and port.
        mirrors: of Docker Hub, as the engine has them.
        insecure: registries that the engine asks without TLS too.
    """
    if registry == _HUB:
        return [f"{url.rstrip('/')}/v2/" for url in (*dict.fromkeys(mirrors), _HUB_URL)]
    schemes = ("https", "http") if registry in insecure else ("https",)
    return [f"{scheme}://{registry}/v2/" for scheme in schemes]


def speaks_plainly(registry: str, insecure: Collection[str]) -> bool:
    """Whether an engine speaks to a registry without TLS.

    Args:
        registry: its host and port.
        insecure: such registries and networks, as the engine's configuration names them.
    """
    host = registry.rpartition(":")[0] if ":" in registry else registry
    if registry in insecure or host in (*insecure, "localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    networks = [ipaddress.ip_network(one, strict=False) for one in insecure if "/" in one]
    return address.is_loopback or any(address in network for network in networks)
