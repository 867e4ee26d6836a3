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
from urllib.parse import urlsplit

from .._core.connection_url import UrlError
from .._core.database_url import database_of
from .._core.findings import Check
from .._core.redis_url import SENTINEL_PORT, redis_of
from .._telegram.client import BotApiError
from .._telegram.transport import urls_transport

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._core.redis_url import RedisServer

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
        try:
            return _ADDRESSES[self.name](self.url)
        except UrlError:
            return "an address that can't be read"

    @property
    def unprobed(self) -> str:
        """Why only the application can reach it; empty where others can, or where the URL can't be read."""
        try:
            return _UNPROBED[self.name](self.url)
        except UrlError:
            return ""

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
    if service.unprobed:
        return [Check("service", service.subject, "skipped", "", f"not asked: {service.unprobed}")]
    question, unasked = _QUESTIONS[service.name]
    try:
        said = question(service.url, timeout)
    except UrlError as error:
        advice = f"Correct {service.variable} of the inventory."
        return [Check("service", service.subject, "failed", error.expected, error.found, advice)]
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
    database = database_of(url)
    with socket.create_connection((database.host, database.port), timeout=timeout) as connection:
        connection.sendall(_SSL_REQUEST)
        answer = connection.recv(1)
    if answer not in (b"S", b"N", b"E"):
        raise ValueError(
            f"{answer!r}, which isn't PostgreSQL's" if answer else "a connection that was closed"
        )
    return "answers as PostgreSQL"


def ask_redis(url: str, timeout: float) -> str:
    """Log in and ping; Sentinels are only pinged."""
    server = redis_of(url)
    if not server.sentinels:
        _ping(server, server.url.host, server.port, timeout)
        return "answers to user and password with PONG"
    for host, port in server.url.hosts:
        _ping(server, host, port or SENTINEL_PORT, timeout)
    return "each Sentinel answers"


def ask_s3(url: str, timeout: float) -> str:
    """Ask for anything: whatever the answer, something speaks HTTP there."""
    return f"answers {urls_transport(timeout=timeout)(url).status}"


# Each service: how it is asked, and what isn't asked so.
_QUESTIONS: dict[str, tuple[Callable[[str, float], str], str]] = {
    "PostgreSQL": (ask_postgresql, "user, password and database"),
    "Redis": (ask_redis, ""),
    "The lease's Redis": (ask_redis, "scripts and memory settings"),
    "S3": (ask_s3, "keys and bucket"),
}


# Why only the application can reach each.
_UNPROBED: dict[str, Callable[[str], str]] = {
    "PostgreSQL": lambda url: database_of(url).unprobed,
    "Redis": lambda url: redis_of(url).unprobed,
    "The lease's Redis": lambda url: redis_of(url).unprobed,
    "S3": lambda _url: "",
}


# Where each is, for people.
_ADDRESSES: dict[str, Callable[[str], str]] = {
    "PostgreSQL": lambda url: database_of(url).url.address,
    "Redis": lambda url: redis_of(url).address,
    "The lease's Redis": lambda url: redis_of(url).address,
    "S3": lambda url: urlsplit(url).netloc.rpartition("@")[2] + urlsplit(url).path,
}


def _ping(server: RedisServer, host: str, port: int, timeout: float) -> None:
    with socket.create_connection((host, port), timeout=timeout) as plain:
        connection = plain
        if server.tls:
            connection = _tls_context(server).wrap_socket(plain, server_hostname=host)
        user, password = server.url.user, server.url.password
        if password and not server.sentinels:
            words = ["AUTH", user, password] if user else ["AUTH", password]
            _expect("+OK", _command(connection, words))
        answer = _command(connection, ["PING"])
        # A Sentinel's password is another one, and that it asks for it is an answer.
        if not server.sentinels or not answer.startswith("-NOAUTH"):
            _expect("+PONG", answer)
        if server.database and not server.sentinels:
            _expect("+OK", _command(connection, ["SELECT", str(server.database)]))


def _tls_context(server: RedisServer) -> ssl.SSLContext:
    """Return how TLS is spoken; the certificate's authority may be in the application's image alone."""
    context = ssl.create_default_context()
    context.check_hostname = server.verifies and server.checks_hostname
    if not server.verifies:
        context.verify_mode = ssl.CERT_NONE
    return context


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
