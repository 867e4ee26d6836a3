"""Who counts as connected to a port, and when a container counts as warm."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._rollout import drain as traffic
from ansible_collections.aisha.cluster.plugins.module_utils._rollout.errors import NotAsExpected

TITLE = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
# As a little-endian machine's kernel prints them.
ANY, LOCAL, LOCAL_2, FAR = "00000000", "0100007F", "0200007F", "0A00640A"
SIX_LOCAL = "00000000000000000000000001000000"
SIX_FAR = "B80D0120000000000000000001000000"
MAPPED = "0000000000000000FFFF0000"


def table(*rows: str) -> str:
    """From rows such as ``FAR:1F41 LOCAL:D431 01``, local address first."""
    return TITLE + "".join(f"   {at}: {row} 00000000:00000000 00:00000000\n" for at, row in enumerate(rows))


@pytest.mark.parametrize(
    ("row", "counts"),
    [
        (f"{FAR}:1F41 {FAR}:D431 01", True),
        (f"{LOCAL}:1F41 {FAR}:D431 01", True),
        # Loopback's whole network, in whatever form.
        (f"{LOCAL}:1F41 {LOCAL}:D431 01", False),
        (f"{LOCAL}:1F41 {LOCAL_2}:D431 01", False),
        (f"{SIX_LOCAL}:1F41 {SIX_LOCAL}:D431 01", False),
        (f"{MAPPED}{LOCAL}:1F41 {MAPPED}{LOCAL_2}:D431 01", False),
        (f"{SIX_FAR}:1F41 {SIX_FAR}:D431 01", True),
        (f"{MAPPED}{FAR}:1F41 {MAPPED}{FAR}:D431 01", True),
        # Listening, and on the way out.
        (f"{ANY}:1F41 {ANY}:0000 0A", False),
        (f"{FAR}:1F41 {FAR}:D431 06", False),
        # Another port, and one of the other side.
        (f"{FAR}:1F42 {FAR}:D431 01", False),
        (f"{FAR}:D431 {FAR}:1F41 01", False),
    ],
)
def test_who_is_connected(row: str, counts: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "byteorder", "little")
    assert traffic.established(table(row), 8001) == int(counts)
    assert traffic.established(table(row, row), 8001) == 2 * int(counts)


def test_a_big_endian_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "byteorder", "big")
    assert traffic.established(table("7F000001:1F41 7F000001:D431 01"), 8001) == 0
    assert traffic.established(table(f"7F000001:1F41 {LOCAL}:D431 01"), 8001) == 1


def test_both_tables_of_the_process_count(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(traffic, "PROC", tmp_path)
    folder = tmp_path / "77/net"
    folder.mkdir(parents=True)
    with pytest.raises(FileNotFoundError):
        traffic.connections(77, 8001)
    (folder / "tcp").write_text(table(f"{FAR}:1F41 {FAR}:D431 01"))
    assert traffic.connections(77, 8001) == 1
    (folder / "tcp6").write_text(table(f"{SIX_FAR}:1F41 {SIX_FAR}:D431 01"))
    assert traffic.connections(77, 8001) == 2


def row_of_ss(peer: str, times: str, *, waiting: int = 0, sent: str = "bytes_sent:9") -> str:
    """A row as ss -tinHO prints it, abridged."""
    return f"{waiting}   0   172.19.0.5:8001   {peer}:42594 cubic {sent} rto:204 {times} app_limited\n"


@pytest.mark.parametrize(
    ("peer", "times", "idle"),
    [
        # Answered 9 s ago; answered at once; answered, but only just.
        ("172.19.0.16", "lastsnd:9000 lastrcv:9004 lastack:9000", True),
        ("[fd00::16]", "lastsnd:9000 lastrcv:9000 lastack:9000", True),
        # Which of them came later can't be told; it may be a question.
        ("172.19.0.16", "lastsnd:4000 lastrcv:4000 lastack:4000", False),
        ("172.19.0.16", "lastsnd:999 lastrcv:1200 lastack:999", False),
        ("172.19.0.16", "lastrcv:1200 lastack:999", False),
        # Asked since the last answer, also a long while ago or just now.
        ("172.19.0.16", "lastsnd:9000 lastrcv:1100 lastack:1100", False),
        ("172.19.0.16", "lastsnd:9000 lastack:4", False),
        # Those of loopback don't count as connected either, so there is nothing to take off.
        ("127.0.0.1", "lastsnd:9000 lastrcv:9004 lastack:9000", False),
        ("[::ffff:127.0.0.1]", "lastsnd:9000 lastrcv:9004 lastack:9000", False),
        ("[::1]", "lastsnd:9000 lastrcv:9004 lastack:9000", False),
        ("[fe80::1%eth0]", "lastsnd:9000 lastrcv:9004 lastack:9000", True),
    ],
)
def test_who_only_keeps_a_connection(peer: str, times: str, idle: bool) -> None:
    assert traffic.kept_alive(row_of_ss(peer, times)) == int(idle)
    assert traffic.kept_alive(2 * row_of_ss(peer, times)) == 2 * int(idle)


def test_what_was_never_answered_or_waits_unread_is_not_only_kept() -> None:
    times = "lastsnd:9000 lastrcv:9000 lastack:9000"
    assert traffic.kept_alive(row_of_ss("172.19.0.16", times, sent="")) == 0
    assert traffic.kept_alive(row_of_ss("172.19.0.16", times, waiting=1)) == 0


@pytest.mark.skipif(shutil.which("ss") is None, reason="without iproute2 all connections count")
def test_a_real_connection_counts_until_it_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic, "_IDLE_MS", 100)
    # Loopback's are left out otherwise, and a test has no others.
    monkeypatch.setattr(traffic, "_is_loopback", lambda _address: False)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"?")
            served, _ = server.accept()
            with served:
                time.sleep(0.3)
                assert traffic.connections(os.getpid(), port) == 1
                assert served.recv(1) == b"?"
                served.sendall(b"!")
                time.sleep(0.3)
                assert traffic.connections(os.getpid(), port) == 0
                client.sendall(b"?")
                time.sleep(0.3)
                assert traffic.connections(os.getpid(), port) == 1


@contextmanager
def answering(*statuses: int) -> Iterator[tuple[str, list[str]]]:
    """A server that gives these statuses in turn, and goes on with the last one; notes what it is asked."""
    left, asked = list(statuses), []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(left.pop(0) if len(left) > 1 else left[0])
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/healthz", asked
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    monkeypatch.setattr(traffic, "_PAUSE", 0.01)
    return lambda seconds: monkeypatch.setattr(traffic, "WARM_TIMEOUT", seconds)


@pytest.mark.parametrize(
    ("statuses", "requests"),
    [((200,), 1), ((404,), 1), ((301,), 1), ((502, 503, 200), 3)],
)
def test_warm_is_whatever_is_no_fault_of_the_server(
    statuses: tuple[int, ...],
    requests: int,
    patience: Callable[[float], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    patience(5)
    # Where nobody answers: a proxy must not be asked.
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with answering(*statuses) as (url, asked):
        traffic.warm(url)
    assert asked == ["/healthz"] * requests


def test_one_that_goes_on_failing_is_not_warm(patience: Callable[[float], None]) -> None:
    patience(1)
    with answering(500) as (url, asked), pytest.raises(NotAsExpected, match="status 500"):
        traffic.warm(url)
    assert len(asked) > 2
    with pytest.raises(NotAsExpected, match=r"no answer \(Connection refused\)"):
        traffic.warm(url)


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("http://127.0.0.1:8001/healthz", True),
        ("https://[::1]", True),
        ("127.0.0.1:8001/healthz", False),
        ("file:///etc/passwd", False),
        ("http:///healthz", False),
        ("http://127.0.0.1:port/", False),
        ("http://[::1/", False),
    ],
)
def test_which_addresses_can_be_asked(url: str, good: bool) -> None:
    assert (traffic.url_fault(url) is None) is good
