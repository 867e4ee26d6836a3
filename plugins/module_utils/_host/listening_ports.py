# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who listens at this machine's TCP ports, as Linux tells it.

Private to this collection. Root sees all programs; another user only those of their own.
"""

from __future__ import annotations

import ipaddress
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

_PROC = Path("/proc")
_LISTENS = "0A"
_CONTAINER = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Listener:
    """Who listens at a port.

    Args:
        number: of TCP.
        address: at which it listens.
        container: its name, where it is one.
        process: in words, where it is none.
    """

    number: int
    address: str
    container: str = ""
    process: str = ""

    def __str__(self) -> str:
        return f"container {self.container}" if self.container else self.process or "an unknown program"


def published(containers: Iterable[Mapping[str, Any]]) -> list[Listener]:
    """Return the ports that an engine publishes for containers, of its list of them."""
    return [
        Listener(int(port["PublicPort"]), str(port.get("IP") or ""), container=_name(container))
        for container in containers
        for port in container.get("Ports") or ()
        if port.get("PublicPort") and port.get("Type", "tcp") == "tcp"
    ]


def listeners(
    ports: Collection[int], containers: Sequence[Mapping[str, Any]], proc: Path = _PROC
) -> list[Listener]:
    """Return who listens at some ports.

    Args:
        ports: their numbers.
        containers: the engine's list of all; a program in one is known by its name.
        proc: where Linux tells of processes.

    Raises:
        OSError: the machine's sockets can't be read.
    """
    by_engine = published(containers)
    known = {(one.number, one.address) for one in by_engine}
    sockets = {
        inode: (number, address)
        for inode, number, address in _sockets(proc)
        # A published port has a process of the engine's too.
        if number in ports and (number, address) not in known
    }
    names = {str(container["Id"]): _name(container) for container in containers}
    programs = _programs(set(sockets), names, proc) if sockets else {}
    found = [
        Listener(number, address, *programs.get(inode, ("", "")))
        for inode, (number, address) in sockets.items()
    ]
    return [one for one in by_engine if one.number in ports] + found


def _name(container: Mapping[str, Any]) -> str:
    return str(next(iter(container.get("Names") or ("",)))).removeprefix("/")


def _sockets(proc: Path) -> Iterable[tuple[str, int, str]]:
    """Yield number of the inode, port and address of each socket that listens."""
    for name in ("tcp", "tcp6"):
        try:
            lines = (proc / "net" / name).read_text(encoding="ascii").splitlines()[1:]
        except FileNotFoundError:
            # A kernel without IPv6.
            continue
        for line in lines:
            columns = line.split()
            address, _colon, port = columns[1].partition(":")
            if columns[3] == _LISTENS:
                yield columns[9], int(port, 16), _address(address)


def _address(text: str) -> str:
    """From words of the machine's byte order, in hexadecimal."""
    packed = b"".join(bytes.fromhex(text[start : start + 8])[::-1] for start in range(0, len(text), 8))
    address = ipaddress.ip_address(packed)
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def _programs(inodes: set[str], names: Mapping[str, str], proc: Path) -> dict[str, tuple[str, str]]:
    """Return for each socket the container and, where there is none, the process."""
    found: dict[str, tuple[str, str]] = {}
    for folder in proc.glob("[0-9]*"):
        for inode in _sockets_of(folder) & inodes - found.keys():
            found[inode] = _program(folder, names)
        if len(found) == len(inodes):
            break
    return found


def _sockets_of(folder: Path) -> set[str]:
    found = set()
    # A process may end at any time, another user's can't be looked into, and files are closed meanwhile.
    with suppress(OSError):
        for entry in (folder / "fd").iterdir():
            with suppress(OSError):
                link = os.readlink(entry)  # noqa: PTH115 - a socket is no path
                if link.startswith("socket:["):
                    found.add(link[8:-1])
    return found


def _program(folder: Path, names: Mapping[str, str]) -> tuple[str, str]:
    try:
        groups = (folder / "cgroup").read_text(encoding="utf-8", errors="replace")
        command = (folder / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "", ""
    container = next((names[one] for one in _CONTAINER.findall(groups) if one in names), "")
    return container, f"process {command} ({folder.name})"
