"""Services that answer, that don't, and that never end, over real sockets."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._host.http_probe import Endpoint, ask, ask_all


class Handler(BaseHTTPRequestHandler):
    """Answers with the status that the path names; a redirection leads nowhere."""

    def do_GET(self) -> None:
        status = int(self.path.strip("/").partition("?")[0])
        self.send_response(status)
        self.send_header("Location", "http://192.0.2.1/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


def running(server: HTTPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture
def port() -> Iterator[int]:
    yield from running(ThreadingHTTPServer(("127.0.0.1", 0), Handler))


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[int]:
    """A server with a certificate that nobody has signed, for another name and 30 days."""
    files = {"-keyout": tmp_path / "key.pem", "-out": tmp_path / "certificate.pem"}
    words = [str(word) for pair in files.items() for word in pair]
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-subj", "/CN=other.example", "-days", "30", *words),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files["-out"], files["-keyout"])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    yield from running(server)


@pytest.fixture
def silent() -> Iterator[int]:
    """A server that takes connections, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (200, None),
        (204, None),
        (302, None),
        (404, None),
        (499, None),
        (500, "status 500"),
        (502, "status 502"),
    ],
)
def test_an_answer_below_500_is_one(status: int, problem: str | None, port: int) -> None:
    answer = ask(Endpoint("it", f"http://127.0.0.1:{port}/{status}?a=b"), 5)
    assert (answer.name, answer.status, answer.problem) == ("it", status, problem)
    assert answer.certificate_days_left is None
    assert answer.elapsed_s is not None
    assert 0 <= answer.elapsed_s < 5


def test_a_certificate_need_not_be_trusted_and_its_end_is_told(secured: int) -> None:
    answer = ask(Endpoint("it", f"https://127.0.0.1:{secured}/200"), 5)
    assert (answer.status, answer.problem) == (200, None)
    assert answer.certificate_days_left == pytest.approx(30, abs=0.1)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://127.0.0.1:1/", "ConnectionRefusedError: "),
        ("ftp://127.0.0.1/", "ValueError: expected an address that begins with http:// or https://"),
        ("http://", "ValueError: expected an address"),
        ("http://127.0.0.1:port/", "ValueError: "),
        ("http://no-such-host.invalid/", "gaierror: "),
    ],
)
def test_what_can_not_be_asked(url: str, problem: str) -> None:
    answer = ask(Endpoint("it", url), 2)
    assert (answer.status, answer.elapsed_s) == (None, None)
    assert answer.problem is not None
    assert answer.problem.startswith(problem)


def test_one_that_speaks_no_tls(port: int) -> None:
    answer = ask(Endpoint("it", f"https://127.0.0.1:{port}/200"), 2)
    assert answer.problem is not None
    assert "SSLError" in answer.problem


def test_those_that_hang_cost_their_time_once(port: int, silent: int) -> None:
    began = time.monotonic()
    hanging = [Endpoint(f"hangs-{number}", f"http://127.0.0.1:{silent}/200") for number in range(5)]
    answers = ask_all([hanging[0], Endpoint("well", f"http://127.0.0.1:{port}/200"), *hanging[1:]], 0.5)
    assert time.monotonic() - began < 1.4
    assert [answer.name for answer in answers] == ["hangs-0", "well", *(each.name for each in hanging[1:])]
    assert [answer.problem for answer in answers] == [
        "no answer within 0.5 s",
        None,
        *["no answer within 0.5 s"] * 4,
    ]


def test_one_that_answers_byte_by_byte_is_given_up() -> None:
    """Each byte is in time, the whole never is."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _address = server.accept()
            with connection:
                try:
                    while True:
                        connection.sendall(b"H")
                        time.sleep(0.1)
                except OSError:
                    return

        threading.Thread(target=drip, daemon=True).start()
        began = time.monotonic()
        (answer,) = ask_all([Endpoint("drips", f"http://127.0.0.1:{server.getsockname()[1]}/")], 0.3)
    assert time.monotonic() - began < 2
    assert answer.problem == "no whole answer within 0.3 s"
