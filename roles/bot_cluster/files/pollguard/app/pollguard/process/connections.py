"""Whether COMMAND polls, seen from outside it: an established connection to the Bot API.

The kernel lists connections in /proc/net/tcp and tcp6 of the container. One counts when it leads to the
Bot API (or to the proxy that leads there), belongs to COMMAND as far as that can be told, and is being
read from: a process that hangs leaves its last answer lying in the receive queue.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from .. import proxy

_ESTABLISHED = "01"
_DEFAULT_PORTS = {**proxy.DEFAULT_PORTS, "socks4": 1080, "socks4a": 1080}
_PROXY_VARIABLES = (proxy.VARIABLE, "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")

Endpoint = tuple[str, int]
"""Host (name or address) and port."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One row of /proc/net/tcp or tcp6."""

    inode: int
    unread: int
    """Bytes in the receive queue."""


def endpoints(api_url: str, env: Mapping[str, str]) -> tuple[Endpoint, ...]:
    """Where a connection of a polling COMMAND leads: the Bot API, and the proxies of its environment."""
    urls = [api_url]
    for variable in _PROXY_VARIABLES:
        value = env.get(variable.lower()) or env.get(variable) or ""
        if value:
            urls.append(value if "://" in value else f"http://{value}")
    found = []
    for url in urls:
        try:
            parts = urlsplit(url)
            port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
        except ValueError:
            continue
        if parts.hostname and port:
            found.append((parts.hostname, port))
    return tuple(dict.fromkeys(found))


def row_addresses(address: str, port: int) -> tuple[str, ...]:
    """How /proc/net/tcp{,6} spell this remote address; an IPv4 one also as mapped into IPv6."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    forms = [ip.packed]
    if isinstance(ip, ipaddress.IPv4Address):
        forms.append(bytes(10) + b"\xff\xff" + ip.packed)
    return tuple(f"{_words(packed)}:{port:04X}" for packed in forms)


def _words(packed: bytes) -> str:
    # The kernel prints each 32-bit word as a number in its own byte order.
    words = (packed[i : i + 4] for i in range(0, len(packed), 4))
    return "".join(f"{int.from_bytes(word, sys.byteorder):08X}" for word in words)


def parse_rows(text: str, remotes: Iterable[str]) -> Iterator[Connection]:
    """The established connections to one of `remotes` (see row_addresses) in a table of the kernel."""
    wanted = frozenset(remotes)
    for line in text.splitlines()[1:]:
        fields = line.split(None, 10)
        if len(fields) > 9 and fields[2] in wanted and fields[3] == _ESTABLISHED:
            yield Connection(int(fields[9]), int(fields[4].partition(":")[2], 16))


def read_tables() -> str:
    """Both tables; empty where the kernel has none."""
    rows = []
    for table in ("tcp", "tcp6"):
        try:
            with open(f"/proc/self/net/{table}", encoding="ascii") as file:  # noqa: PTH123
                rows.append(file.read())
        except OSError:
            continue
    return "".join(rows)


def sockets_of(pids: Iterable[int]) -> set[int] | None:
    """Inodes of the sockets that these processes have open; None when one may not be looked at."""
    found = set()
    for pid in pids:
        folder = f"/proc/{pid}/fd"
        try:
            for name in os.listdir(folder):  # noqa: PTH208
                try:
                    target = os.readlink(f"{folder}/{name}")  # noqa: PTH115
                except FileNotFoundError:
                    continue
                if target.startswith("socket:["):
                    found.add(int(target[8:-1]))
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
        except PermissionError:
            return None
    return found


class PollSight:
    """Remembers connections from sample to sample."""

    def __init__(self) -> None:
        self._ours: set[int] = set()
        self._foreign: set[int] = set()
        self._unread: dict[int, int] = {}

    def sample(self, connections: Iterable[Connection], owned: Iterable[int] | None) -> bool:
        """True when one of `connections` shows that COMMAND polls.

        `owned` are the inodes that are COMMAND's, None when that can't be known: then all count.
        """
        rows = {c.inode: c for c in connections}
        if owned is None:
            self._ours = set(rows)
        else:
            self._ours = (self._ours | set(owned)) & set(rows)
        self._foreign = set(rows) - self._ours
        before, self._unread = self._unread, {c.inode: c.unread for c in rows.values()}
        return any(
            rows[inode].unread == 0 or rows[inode].unread != before.get(inode, 0) for inode in self._ours
        )

    def unknown(self, connections: Iterable[Connection]) -> bool:
        """Whether there is a connection whose owner has not been looked up yet."""
        return any(c.inode not in self._ours and c.inode not in self._foreign for c in connections)
