"""``python -m app.health [webhook|polling|worker]``: Docker's HEALTHCHECK. Exit 0 is healthy, 1 is not.

``webhook`` asks this container's own API. The others, and no argument, look for the heartbeat that this
instance leaves in Redis. It runs every few seconds in every container, also on a machine that is busy, so it
imports next to nothing: redis-py alone takes longer to import than all of this takes to run.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from app.queue_keys import QUEUE_DATABASE, heartbeat_key

if TYPE_CHECKING:
    from ssl import SSLContext

FRESH: Final = 12.0  # seconds
POLLED: Final = 120.0  # longer than a long poll and the pauses after failures
WEBHOOK: Final = ("127.0.0.1", 8001)
PATIENCE: Final = 4.0  # seconds


def _webhook() -> str | None:
    with socket.create_connection(WEBHOOK, PATIENCE) as connection:
        connection.sendall(b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    return None if head.split(b" ")[1:2] == [b"200"] else body.decode(errors="replace") or "no answer"


def _tls(url: SplitResult) -> SSLContext:
    import ssl

    query = parse_qs(url.query)
    context = ssl.create_default_context(cafile=query.get("ssl_ca_certs", [None])[0])
    if query.get("ssl_cert_reqs", ["required"])[0] == "none":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _command(*words: str) -> bytes:
    encoded = [word.encode() for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded)


def read_key(redis_url: str, database: int, key: str) -> bytes | None:
    """The value of a key.

    Raises:
        OSError: Redis can't be reached or refuses; the text holds no secret.
    """
    url = urlsplit(redis_url)
    host = url.hostname or "localhost"
    commands = [_command("SELECT", str(database)), _command("GET", key)]
    if url.password:
        user = [unquote(url.username)] if url.username else []
        commands.insert(0, _command("AUTH", *user, unquote(url.password)))
    connection = socket.create_connection((host, url.port or 6379), PATIENCE)
    if url.scheme == "rediss":
        connection = _tls(url).wrap_socket(connection, server_hostname=host)
    with connection, connection.makefile("rb") as answers:
        connection.sendall(b"".join(commands))
        line = b""
        for _ in commands:
            line = answers.readline().rstrip()
            if line.startswith(b"-") or not line:
                raise OSError(line[1:].decode(errors="replace") or "Redis has hung up")
        length = int(line[1:])
        return None if length < 0 else answers.read(length)


def _stale(heartbeat: dict[str, Any], role: str | None, now: float) -> str | None:
    if role not in (None, heartbeat["role"]):
        return f"this is a {heartbeat['role']}, not a {role}"
    if now - heartbeat["at"] > FRESH:
        return f"last heartbeat {now - heartbeat['at']:.0f} s ago"
    polled = heartbeat.get("polled_at", now)
    if polled is None:
        return "no successful poll yet"
    if now - polled > POLLED:
        return f"last successful poll {now - polled:.0f} s ago"
    return None


def _heartbeat(role: str | None) -> str | None:
    url = os.environ.get("REDIS_URL")
    if not url:
        return "not set: REDIS_URL"
    name = os.environ.get("INSTANCE_ID") or socket.gethostname()
    found = read_key(url, QUEUE_DATABASE, heartbeat_key(name))
    return "no heartbeat" if found is None else _stale(json.loads(found), role, time.time())


def main(arguments: list[str]) -> int:
    role = arguments[0] if arguments else None
    if role not in (None, "webhook", "polling", "worker"):
        print("usage: python -m app.health [webhook|polling|worker]", file=sys.stderr)
        return 2
    try:
        problem = _webhook() if role == "webhook" else _heartbeat(role)
    except OSError as error:
        problem = f"{'the API' if role == 'webhook' else 'Redis'}: {error}"
    print(problem or "healthy")
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
