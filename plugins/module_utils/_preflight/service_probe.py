# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether PostgreSQL, Redis and S3 answer, asked with the standard library alone, from a bare host.

Private to this collection. The image service-check asks more, once it has been built. Nothing is changed.
"""

from __future__ import annotations

import socket
import ssl
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from .._core.findings import Check
from .._telegram.client import BotApiError
from .._telegram.transport import urls_transport

if TYPE_CHECKING:
    from collections.abc import Callable
    from urllib.parse import SplitResult

# A client's first words to PostgreSQL: whether it would speak TLS. Any server answers with one letter.
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
_LONGEST_LINE = 4096
_TO_INVENTORY = "Check {variable} of the inventory, and that the service listens where this host reaches it."


@dataclass(frozen=True)
class Service:
    """One service, where it is and how it is named in the inventory; its repr shows no password.

    Args:
        name: for people.
        variable: of the inventory, with its address.
        url: its address, as the application gets it.
        embedded: container that runs it, where the cluster does so itself.
    """

    name: str
    variable: str
    url: str = field(repr=False)
    embedded: str = ""

    @property
    def address(self) -> str:
        """Where it is, without user, password and options."""
        parts = urlsplit(self.url)
        return f"{parts.netloc.rpartition('@')[2]}{parts.path}"

    @property
    def subject(self) -> str:
        """How checks call it."""
        return f"{self.name} at {self.address}"


def ask(service: Service, timeout: float) -> list[Check]:
    """Ask one service; raises nothing.

    Args:
        service: which.
        timeout: seconds to connect, and for each answer.
    """
    question, unasked = _QUESTIONS[service.name]
    try:
        said = question(service.url, timeout)
    except (OSError, ValueError, BotApiError) as error:
        found = error.found if isinstance(error, BotApiError) else _words(error)
        advice = _TO_INVENTORY.format(variable=service.variable)
        return [Check("service", service.subject, "failed", "an answer", found, advice)]
    passed = Check("service", service.subject, "passed", "an answer", said)
    if not unasked:
        return [passed]
    later = f"{unasked}: asked as soon as site.yml has built the image that can"
    return [passed, Check("service_login", service.subject, "skipped", "", later)]


def ask_postgresql(url: str, timeout: float) -> str:
    """Say hello, without logging in."""
    parts = urlsplit(url)
    with _connect(parts, 5432, timeout) as connection:
        connection.sendall(_SSL_REQUEST)
        answer = connection.recv(1)
    if answer not in (b"S", b"N", b"E"):
        raise ValueError(
            f"{answer!r}, which isn't PostgreSQL's" if answer else "a connection that was closed"
        )
    return "answers as PostgreSQL"


def ask_redis(url: str, timeout: float) -> str:
    """Log in and ping; Sentinels are only pinged."""
    parts = urlsplit(url)
    sentinel = parts.scheme.endswith("+sentinel")
    if not sentinel:
        _ping(parts, timeout, tls=parts.scheme == "rediss", log_in=True)
        return "answers to user and password with PONG"
    head, at, hosts = parts.netloc.rpartition("@")
    for host in hosts.split(","):
        one = urlsplit(f"redis://{head}{at}{host if ':' in host else f'{host}:26379'}")
        _ping(one, timeout, tls=parts.scheme.startswith("rediss"), log_in=False)
    return "each Sentinel answers"


def ask_s3(url: str, timeout: float) -> str:
    """Ask for anything: whatever the answer, something speaks HTTP there."""
    return f"answers {urls_transport(timeout=timeout)(url).status}"


# Each service: how it is asked, and what isn't asked so.
_QUESTIONS: dict[str, tuple[Callable[[str, float], str], str]] = {
    "PostgreSQL": (ask_postgresql, "user, password and database"),
    "Redis": (ask_redis, ""),
    "S3": (ask_s3, "keys and bucket"),
}


def _connect(parts: SplitResult, port: int, timeout: float) -> socket.socket:
    if not parts.hostname:
        raise ValueError("an address without a host")
    return socket.create_connection((parts.hostname, parts.port or port), timeout=timeout)


def _ping(parts: SplitResult, timeout: float, *, tls: bool, log_in: bool) -> None:
    with _connect(parts, 6379, timeout) as plain:
        connection = plain
        if tls:
            connection = ssl.create_default_context().wrap_socket(plain, server_hostname=parts.hostname)
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if log_in and password:
            words = ["AUTH", user, password] if user else ["AUTH", password]
            _expect("+OK", _command(connection, words))
        answer = _command(connection, ["PING"])
        # A Sentinel's password is another one, and that it asks for it is an answer.
        if log_in or not answer.startswith("-NOAUTH"):
            _expect("+PONG", answer)


def _command(connection: socket.socket, words: list[str]) -> str:
    """Send a command in Redis' protocol, and return the first line of the answer."""
    parts = [word.encode() for word in words]
    connection.sendall(
        b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
    )
    answer = b""
    while not answer.endswith(b"\r\n") and len(answer) < _LONGEST_LINE:
        piece = connection.recv(1)
        if not piece:
            raise ValueError("a connection that was closed")
        answer += piece
    return answer.decode(errors="replace").strip()


def _expect(wanted: str, answer: str) -> None:
    if answer != wanted:
        raise ValueError(
            answer.removeprefix("-") if answer.startswith("-") else f"{answer!r}, which isn't Redis'"
        )


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, socket.gaierror):
        return f"a name that can't be resolved ({error.strerror})"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"a certificate that isn't accepted ({error.verify_message})"
    return str(getattr(error, "strerror", None) or error)
