# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is connected to a port of a container, and whether it answers: how it is emptied and warmed.

Private to this collection.
"""

from __future__ import annotations

import http.client
import ipaddress
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from ansible.module_utils.urls import Request

from .._host.commands import run_command
from .errors import NotAsExpected

PROC = Path("/proc")
WARM_TIMEOUT = 10.0
_PAUSE = 0.25
_ESTABLISHED = "01"
_FIRST_FAULT = 500
_ASK_TIMEOUT = 5.0
_IDLE_MS = 1000
# Where answer and question came within one tick of the kernel, so that it can't be told which was the last.
_SURELY_IDLE_MS = 5000


def established(table: str, port: int) -> int:
    """Count the connections to a local port, but those from loopback, in a table as /proc/net/tcp has it."""
    count = 0
    for line in table.splitlines()[1:]:
        words = line.split()
        if len(words) < 4 or words[3] != _ESTABLISHED or int(words[1].rpartition(":")[2], 16) != port:
            continue
        count += not _loopback(words[2].rpartition(":")[0])
    return count


def connections(process: int, port: int) -> int:
    """Count the connections to a port in the network of a process, but those that are only kept alive.

    Raises FileNotFoundError or ProcessLookupError when it has ended, and OSError when it can't be seen.
    """
    folder = PROC / str(process) / "net"
    count = established((folder / "tcp").read_text(), port)
    # Not so in a kernel without IPv6; one that has ended meanwhile isn't there either, and has none.
    with suppress(FileNotFoundError):
        count += established((folder / "tcp6").read_text(), port)
    if not count:
        return 0
    asked = ["ss", "-tinHO", "state", "established", "sport", "=", f":{port}"]
    try:
        said = run_command(["nsenter", f"--net={PROC}/{process}/ns/net", *asked], _ASK_TIMEOUT)
    except OSError:
        # Without iproute2 there is no telling them apart: all of them count.
        return count
    return max(0, count - kept_alive(said))


def kept_alive(rows: str) -> int:
    """Count the idle connections, but those from loopback, in rows of ss.

    What was asked last was answered a while ago there: whoever scrapes metrics keeps such a one for hours.
    Where nothing was sent yet, it is somebody's first request.
    """
    count = 0
    for row in rows.splitlines():
        waiting, _send_queue, _local, peer, *words = row.split()
        known = dict(
            word.split(":", 1) for word in words if word.startswith(("bytes_sent:", "lastsnd:", "lastrcv:"))
        )
        # ss leaves out a time of 0 ms.
        sent, received = (int(known.get(name, "0")) for name in ("lastsnd", "lastrcv"))
        quiet = _IDLE_MS <= sent < received or _SURELY_IDLE_MS <= sent <= received
        answered = waiting == "0" and "bytes_sent" in known and quiet
        address = peer.rpartition(":")[0].strip("[]").partition("%")[0]
        count += answered and not _is_loopback(ipaddress.ip_address(address))
    return count


def warm(url: str) -> None:
    """Get a URL until it is answered with no server's fault; raises NotAsExpected when it isn't in time.

    The request goes straight there: what a proxy answers says nothing about the container.
    """
    request = Request(use_proxy=False, follow_redirects="none", use_netrc=False, http_agent="aisha.cluster")
    deadline = time.monotonic() + WARM_TIMEOUT
    while True:
        try:
            status = _status(request, url, max(0.1, deadline - time.monotonic()))
        except (OSError, http.client.HTTPException) as error:
            cause = error.reason if isinstance(error, URLError) else error
            found = f"no answer ({getattr(cause, 'strerror', None) or cause or type(cause).__name__})"
        else:
            if status < _FIRST_FAULT:
                return
            found = f"status {status}"
        if time.monotonic() + _PAUSE > deadline:
            raise NotAsExpected(found)
        time.sleep(_PAUSE)


def url_fault(url: str) -> str | None:
    """What is wrong with an address that is to be asked; None when it can be."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError as error:
        return str(error)
    return None if good else "another address"


def _status(request: Request, url: str, timeout: float) -> int:
    try:
        with request.open("GET", url, timeout=timeout) as response:
            return int(response.status)
    except HTTPError as error:
        error.close()
        return int(error.code)


def _loopback(address: str) -> bool:
    """Whether an address is loopback's; the kernel prints it as words of 32 bits in the machine's order."""
    words = bytes.fromhex(address)
    raw = b"".join(
        int.from_bytes(words[at : at + 4], "big").to_bytes(4, sys.byteorder) for at in range(0, len(words), 4)
    )
    return _is_loopback(ipaddress.ip_address(raw))


def _is_loopback(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback
