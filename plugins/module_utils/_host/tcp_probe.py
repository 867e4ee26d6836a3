# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether services can be reached from here: their names resolved, and a connection made.

Private to this collection. Nothing is said on a connection.
"""

from __future__ import annotations

import re
import socket
import time
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from .._core.parallel import run_parallel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PORTS = {
    "http": 80,
    "https": 443,
    "postgres": 5432,
    "postgresql": 5432,
    "redis": 6379,
    "rediss": 6379,
}
_SENTINEL_PORT = 26379
_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?:[^/?#]*@)?(?P<hosts>[^/?#]+)")
_HOST = re.compile(r"(?:\[(?P<six>[^]]+)\]|(?P<host>[^:]+))(?::(?P<port>[0-9]{1,5}))?")


@dataclass(frozen=True)
class Target:
    """What is to be reached, and what it is for people."""

    name: str
    host: str
    port: int


@dataclass(frozen=True)
class Reached:
    """How that went.

    Args:
        name: what it is, for people.
        host: its name, or its address.
        port: its port.
        addresses: what the name stands for.
        container: name of the container of this host that it is, whose address only the engine knows.
        resolve_ms: milliseconds until the addresses were known.
        connect_ms: milliseconds until a connection was made; None when none was.
        problem: why none was made.
    """

    name: str
    host: str
    port: int
    addresses: tuple[str, ...] = ()
    container: str | None = None
    resolve_ms: float | None = None
    connect_ms: float | None = None
    problem: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """For a report."""
        return asdict(self)


def targets_of(name: str, url: str) -> list[Target]:
    """Return what a URL names: several hosts with Sentinel, one without. ValueError never quotes a login."""
    match = _URL.match(url)
    if match is None:
        raise ValueError(f"{name}: expected an address such as https://host:port, found something else")
    scheme = match["scheme"].lower()
    base, _plus, kind = scheme.partition("+")
    default = _SENTINEL_PORT if kind == "sentinel" else _PORTS.get(base)
    targets = []
    for one in match["hosts"].split(","):
        host = _HOST.fullmatch(one)
        port = int(host["port"]) if host is not None and host["port"] else default
        if host is None or port is None:
            raise ValueError(f"{name}: expected host and port in {scheme}://…, found {one!r}")
        targets.append(Target(name, host["six"] or host["host"], port))
    return targets


def reach(target: Target, containers: Mapping[str, tuple[str, str]], timeout: float) -> Reached:
    """Try one; raises nothing.

    Args:
        target: what is tried.
        containers: by the names under which containers of this host reach each other, name and address.
        timeout: seconds until it is given up.
    """
    own = containers.get(target.host)
    found = Reached(target.name, target.host, target.port, container=own[0] if own else None)
    began = time.monotonic()
    try:
        if own:
            addresses: tuple[str, ...] = (own[1],)
        else:
            listed = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
            addresses = tuple(dict.fromkeys(str(one[4][0]) for one in listed))
    except OSError as error:
        return replace(found, problem=f"the name can't be resolved ({error.strerror or error})")
    found = replace(found, addresses=addresses, resolve_ms=_ms_since(began))
    problem = "no address"
    for address in addresses:
        began = time.monotonic()
        try:
            socket.create_connection((address, target.port), timeout=timeout).close()
        except OSError as error:
            late = isinstance(error, TimeoutError)
            problem = f"no answer within {timeout:g} s" if late else str(error.strerror or error)
        else:
            return replace(found, connect_ms=_ms_since(began))
    return replace(found, problem=problem)


def reach_all(
    targets: Sequence[Target], containers: Mapping[str, tuple[str, str]], timeout: float
) -> list[Reached]:
    """Try all at the same time."""
    questions = {number: partial(reach, target, containers, timeout) for number, target in enumerate(targets)}
    # A name that is slow to resolve takes time, too.
    answers = run_parallel(questions, 2 * timeout)
    return [
        answer
        if isinstance(answer, Reached)
        else Reached(targets[number].name, targets[number].host, targets[number].port, problem=str(answer))
        for number, answer in answers.items()
    ]


def container_addresses(containers: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, str]]:
    """Return, by the names under which containers reach each other, a container's name and address."""
    found: dict[str, tuple[str, str]] = {}
    for container in containers:
        name = str(container["Name"]).removeprefix("/")
        networks = (container.get("NetworkSettings") or {}).get("Networks") or {}
        for network in networks.values():
            if network.get("IPAddress"):
                known = (name, str(network["IPAddress"]))
                found.update(dict.fromkeys([name, *(network.get("Aliases") or ())], known))
    return found


def _ms_since(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 1)
