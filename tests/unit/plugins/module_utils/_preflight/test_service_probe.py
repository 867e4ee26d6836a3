"""Services asked from a bare host; each is a real socket that says what such a service would."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._preflight.service_probe import Service, ask
from proxy_servers import make_certificate

PASSWORD = "correct-horse"  # noqa: S105 - nobody's
Serve = Callable[[Callable[[socket.socket], None]], int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve every connection by a function, at a port that is returned."""
    servers: list[socket.socket] = []

    def start(answer: Callable[[socket.socket], None]) -> int:
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)

        def accept() -> None:
            while True:
                try:
                    connection, _client = server.accept()
                except OSError:
                    return
                with connection:
                    answer(connection)

        threading.Thread(target=accept, daemon=True).start()
        return int(server.getsockname()[1])

    yield start
    for server in servers:
        server.close()


def redis(connection: socket.socket) -> None:
    """Redis with a password, which must be given before PING."""
    let_in = False
    while received := connection.recv(4096):
        if b"AUTH" in received:
            let_in = PASSWORD.encode() in received
            connection.sendall(b"+OK\r\n" if let_in else b"-WRONGPASS invalid username-password pair\r\n")
        else:
            connection.sendall(b"+PONG\r\n" if let_in else b"-NOAUTH Authentication required.\r\n")


def says(words: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(words)

    return answer


def hang(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ("", "failed"),
        ("?ssl_check_hostname=false", "failed"),
        ("?ssl_cert_reqs=none", "passed"),
        ("?ssl_ca_certs=/app/ca.pem", "passed"),
    ],
)
def test_private_authority_is_no_failure(options: str, status: str, serve: Serve, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(make_certificate(tmp_path / "redis.pem"))

    def over_tls(connection: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as tls:
            redis(tls)

    url = f"rediss://:{PASSWORD}@127.0.0.1:{serve(over_tls)}/0{options}"
    (found,) = ask(Service(REDIS, "the_url", url), 2)
    assert found.status == status, found


HTTP = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
POSTGRESQL, REDIS, S3 = ("PostgreSQL", "Redis", "S3")


@pytest.mark.parametrize(
    ("name", "answer", "url", "status", "found"),
    [
        (POSTGRESQL, says(b"N"), "postgresql://u:p@127.0.0.1:{}/db", "passed", "answers as PostgreSQL"),
        (POSTGRESQL, says(b"S"), "postgresql://127.0.0.1:{}/db", "passed", "answers as PostgreSQL"),
        (POSTGRESQL, says(b"H"), "postgresql://127.0.0.1:{}/db", "failed", "b'H', which isn't PostgreSQL's"),
        (POSTGRESQL, says(b""), "postgresql://127.0.0.1:{}/db", "failed", "a connection that was closed"),
        (POSTGRESQL, hang, "postgresql://127.0.0.1:{}/db", "failed", "no answer in time"),
        (
            REDIS,
            redis,
            f"redis://:{PASSWORD}@127.0.0.1:{{}}/0",
            "passed",
            "answers to user and password with PONG",
        ),
        (
            REDIS,
            redis,
            f"redis://u:{PASSWORD}@127.0.0.1:{{}}/0",
            "passed",
            "answers to user and password with PONG",
        ),
        (REDIS, redis, "redis://:wrong@127.0.0.1:{}/0", "failed", "WRONGPASS invalid username-password pair"),
        (REDIS, redis, "redis://127.0.0.1:{}/0", "failed", "NOAUTH Authentication required."),
        (
            REDIS,
            says(b"-LOADING Redis is loading\r\n"),
            "redis://127.0.0.1:{}",
            "failed",
            "LOADING Redis is loading",
        ),
        (
            REDIS,
            says(b"HTTP/1.1 400\r\n"),
            "redis://127.0.0.1:{}",
            "failed",
            "'HTTP/1.1 400', which isn't Redis'",
        ),
        (REDIS, hang, "redis://127.0.0.1:{}", "failed", "no answer in time"),
        (REDIS, redis, "redis+sentinel://127.0.0.1:{}/main/0", "passed", "each Sentinel answers"),
        (REDIS, hang, "redis+sentinel://127.0.0.1:{}/main/0", "failed", "no answer in time"),
        (S3, says(HTTP), "http://127.0.0.1:{}", "passed", "answers 403"),
        (S3, hang, "http://127.0.0.1:{}", "failed", "no answer in time"),
        (S3, hang, "http://127.0.0.1:9", "failed", "no connection (Connection refused)"),
        (POSTGRESQL, hang, "postgresql://127.0.0.1:9/db", "failed", "Connection refused"),
        (POSTGRESQL, hang, "postgresql:///db", "failed", "none"),
        # What only the application can reach.
        (POSTGRESQL, hang, "postgresql:///db?host=/run/postgresql", "skipped", "not asked: a socket"),
        (
            POSTGRESQL,
            hang,
            "postgresql://127.0.0.1:{}/db?sslkey=/app/key",
            "skipped",
            "not asked: a client certificate",
        ),
        (REDIS, hang, "unix:///run/redis.sock", "skipped", "not asked: a socket"),
        (
            REDIS,
            redis,
            f"redis://127.0.0.1:{{}}/0?password={PASSWORD}",
            "passed",
            "answers to user and password with PONG",
        ),
        (POSTGRESQL, hang, "postgresql://u:p@db:x/db", "failed", "something else"),
        (REDIS, hang, "redis://a,b/0", "failed", "several hosts"),
        (REDIS, hang, "redis://nowhere.invalid/0", "failed", "a name that can't be resolved"),
    ],
)
def test_each_is_asked_in_its_own_words(
    name: str, answer: Callable[[socket.socket], None], url: str, status: str, found: str, serve: Serve
) -> None:
    service = Service(name, "the_url", url.format(serve(answer)))
    began = time.monotonic()
    first, *more = ask(service, 0.3)
    assert time.monotonic() - began < 2
    assert (first.status, first.subject) == (status, service.subject)
    assert first.found.startswith(found)
    assert ("the_url" in first.advice) is (status == "failed")
    # What can't be asked so is said.
    unasked = status == "passed" and name != REDIS
    assert [(check.check, check.status) for check in more] == [("service_login", "skipped")] * unasked
    assert PASSWORD not in repr((service, first, more))
