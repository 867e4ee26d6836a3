# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ports and folders of a host that another cluster on it has.

Private to this collection. No I/O here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from .labels import CLUSTER_LABEL
from .slots import slot_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .._host.listening_ports import Listener

# An nginx that takes over from another one listens beside it for a while.
_ADOPTING = "-adopting"
_ANY = frozenset({"", "*", "0.0.0.0", "::"})  # noqa: S104 - compared with, and not listened at


@dataclass(frozen=True)
class Port:
    """A port that a container is to listen at.

    Args:
        number: of TCP.
        address: at which it listens; empty is all.
        owner: name of the container.
    """

    number: int
    address: str
    owner: str

    def __str__(self) -> str:
        return f"{self.number} of {self.address or 'all addresses'}"

    def listeners(self, there: Iterable[Listener]) -> list[Listener]:
        """Return those that listen at it, the owner too."""
        return [
            one
            for one in there
            if one.number == self.number
            and (one.address in _ANY or self.address in _ANY or one.address == self.address)
        ]

    def is_owner(self, container: str) -> bool:
        """Whether a container is the owner, or one that replaces it or takes over from it."""
        component = self.owner.rpartition("-")[0]
        return bool(container) and (slot_of(container) == self.owner or container == component + _ADOPTING)


def neighbors(listed: Iterable[Mapping[str, Any]], cluster: str) -> dict[str, str]:
    """Return the containers of other clusters, name to cluster.

    Args:
        listed: all containers, as an engine's list says.
        cluster: the cluster whose neighbors these are.
    """
    owners = {_name(entry): (entry.get("Labels") or {}).get(CLUSTER_LABEL) for entry in listed}
    return {name: owner for name, owner in owners.items() if owner and owner != cluster}


def mounted_by(listed: Iterable[Mapping[str, Any]], home: str, others: Mapping[str, str]) -> list[str]:
    """Return the containers of other clusters that mount a cluster's folder, or something in it."""
    folder = PurePosixPath(home)
    return [
        _name(entry)
        for entry in listed
        if _name(entry) in others
        and any(
            PurePosixPath(str(mount.get("Source") or "/")).is_relative_to(folder)
            for mount in entry.get("Mounts") or ()
            if mount.get("Type") == "bind"
        )
    ]


def conflicts(
    listed: Sequence[Mapping[str, Any]],
    cluster: str,
    home: str,
    ports: Iterable[Port],
    there: Sequence[Listener],
) -> list[str]:
    """Return what another cluster has of that which is to be this one's, a line for each.

    Args:
        listed: all containers, as an engine's list says.
        cluster: this cluster's name.
        home: its folder.
        ports: those that it is to have.
        there: who listens on the host.
    """
    others = neighbors(listed, cluster)
    found = [
        f"port {port} for {port.owner}, at which container {name} of cluster {others[name]} listens"
        for port in ports
        for name in (one.container for one in port.listeners(there))
        if name in others
    ]
    found += [
        f"folder {home}, which container {name} of cluster {others[name]} mounts"
        for name in mounted_by(listed, home, others)
    ]
    return list(dict.fromkeys(found))


def _name(entry: Mapping[str, Any]) -> str:
    return str(next(iter(entry.get("Names") or ("",)))).removeprefix("/")
