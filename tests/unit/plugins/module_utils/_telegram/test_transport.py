"""The way to the Bot API, over real sockets: what is in the way gets its own name."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._telegram.client import BotApiError
from ansible_collections.aisha.cluster.plugins.module_utils._telegram.transport import connect, urls_transport
from proxy_servers import make_certificate

Behaviour = Callable[[BaseHTTPRequestHandler], None]
OVER = threading.Event()


def reply(status: int, body: bytes, **headers: str) -> Behaviour:
    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", headers.pop("length", str(len(body))))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return behave


def silence(handler: BaseHTTPRequestHandler) -> None:
    OVER.wait(10)


def trickle(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while not OVER.wait(0.05):
        handler.wfile.write(b" ")


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


def gibberish(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.2p1\r\n")


@contextmanager
def server(behaviour: Behaviour, certificate: Path | None = None) -> Iterator[tuple[str, list[str]]]:
    """Serve on a port of this machine; yields its address and the paths that were asked for."""
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.close_connection = True
            try:
                behaviour(self)
            except OSError:
                self.log_message("the client went away")

        do_CONNECT = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing of interest."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """Handshakes that clients break off are what some tests are about."""

    with Server(("127.0.0.1", 0), Handler) as httpd:
        scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            # The handshake belongs to the request's own thread, so that one that breaks off stops nobody.
            httpd.socket = context.wrap_socket(httpd.socket, server_side=True, do_handshake_on_connect=False)
            scheme = "https"
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        OVER.clear()
        thread.start()
        try:
            yield f"{scheme}://127.0.0.1:{httpd.server_address[1]}", paths
        finally:
            OVER.set()
            httpd.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and self-signed certificate of 127.0.0.1 and API_HOST in one file."""
    return make_certificate(tmp_path_factory.mktemp("tls") / "server.pem")


@pytest.fixture
def options(token: str) -> dict[str, Any]:
    return {
        "token": token,
        "api_url": "",
        "proxy": "",
        "timeout": 5,
        "retries": 0,
        "max_wait": 0,
        "validate_certs": True,
        "ca_path": None,
    }


def failure(options: dict[str, Any], **changes: Any) -> BotApiError:
    with pytest.raises(BotApiError) as caught:
        connect({**options, **changes}).get_me()
    assert options["token"].partition(":")[2] not in str(caught.value)
    # Whatever came before it may know the URL.
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return caught.value


def test_a_bot_is_found(options: dict[str, Any], me: dict[str, Any]) -> None:
    body = json.dumps({"ok": True, "result": me}).encode()
    with server(reply(200, body)) as (url, paths):
        assert connect({**options, "api_url": url}).get_me() == me
    assert paths == [f"/bot{options['token']}/getMe"]


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (reply(401, b'{"ok":false,"error_code":401,"description":"Unauthorized"}'), "revoked"),
        (reply(502, b"<html>"), "server_error"),
        (reply(200, b"<html>"), "not_bot_api"),
        (reply(200, b'{"ok":true,"res', length="500"), "unreachable"),
        (reply(500, b'{"ok":true,"res', length="500"), "unreachable"),
        (reply(302, b"", Location="http://[bad"), "not_bot_api"),
        (silence, "timeout"),
        (trickle, "timeout"),
        (hang_up, "unreachable"),
        (gibberish, "not_bot_api"),
    ],
)
def test_what_a_server_does_has_its_reason(
    behaviour: Behaviour, reason: str, options: dict[str, Any]
) -> None:
    with server(behaviour) as (url, _asked):
        assert failure(options, api_url=url, timeout=1).reason == reason


def test_a_redirect_is_not_followed(options: dict[str, Any]) -> None:
    with server(reply(200, b"{}")) as (elsewhere, seen):  # noqa: SIM117 - the second needs the first's address
        with server(reply(302, b"", Location=elsewhere)) as (url, asked):
            error = failure(options, api_url=url)
    assert len(asked) == 1
    assert error.reason == "not_bot_api"
    assert error.found == "a redirect (302) to 127.0.0.1"
    assert seen == []


def test_a_rate_limit_is_waited_for(options: dict[str, Any], me: dict[str, Any]) -> None:
    answers = [
        reply(429, b'{"ok":false,"error_code":429,"description":"x","parameters":{"retry_after":1}}'),
        reply(200, json.dumps({"ok": True, "result": me}).encode()),
    ]

    def behave(handler: BaseHTTPRequestHandler) -> None:
        answers.pop(0)(handler)

    with server(behave) as (url, paths):
        connect({**options, "api_url": url, "retries": 1, "max_wait": 1}).get_me()
    assert len(paths) == 2


def test_nobody_listens(options: dict[str, Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    error = failure(options, api_url=f"http://127.0.0.1:{port}")
    assert error.reason == "unreachable"
    assert "Connection refused" in error.found


def test_a_name_that_does_not_exist(options: dict[str, Any]) -> None:
    assert failure(options, api_url="https://bot-api.invalid").reason == "dns"


def test_a_certificate_that_nobody_vouches_for(options: dict[str, Any], certificate: Path) -> None:
    with server(reply(200, b"{}"), certificate) as (url, paths):
        error = failure(options, api_url=url)
        assert error.reason == "tls"
        assert "self-signed certificate" in error.found
        assert paths == []
        # The same server is fine for those who know it, or don't care.
        for change in ({"ca_path": str(certificate)}, {"validate_certs": False}):
            assert failure(options, api_url=url, **change).reason == "not_bot_api"


def test_no_tls_at_all(options: dict[str, Any]) -> None:
    with server(reply(200, b"{}")) as (url, _asked):
        assert failure(options, api_url=url.replace("http:", "https:")).reason == "tls"


@pytest.mark.parametrize(
    ("variable", "api_url", "status", "reason"),
    [
        ("http_proxy", "http://bot-api.invalid", 407, "proxy"),
        ("http_proxy", "http://bot-api.invalid", 503, "server_error"),
        ("https_proxy", "https://bot-api.invalid", 403, "proxy"),
    ],
)
def test_a_proxy_in_the_environment_is_used(
    variable: str,
    api_url: str,
    status: int,
    reason: str,
    options: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with server(reply(status, b"no")) as (url, paths):
        monkeypatch.setenv(variable, url)
        assert failure(options, api_url=api_url).reason == reason
    assert len(paths) == 1


@pytest.mark.parametrize(
    ("option", "value", "part_of_message"),
    [
        ("timeout", 0, "Option timeout: expected 1 or more, found 0"),
        ("retries", -1, "Option retries: expected 0 or more, found -1"),
        ("max_wait", -1, "Option max_wait: expected 0 or more, found -1"),
        ("api_url", "api.telegram.org", "Option api_url: expected http(s)://"),
        ("ca_path", "/nowhere/ca.pem", "/nowhere/ca.pem: No such file"),
    ],
)
def test_options_that_cannot_be_right(
    option: str, value: object, part_of_message: str, options: dict[str, Any]
) -> None:
    error = failure({**options, "api_url": "http://127.0.0.1:9"}, **{option: value})
    assert error.reason == "bad_option"
    assert part_of_message in str(error)


def test_a_file_without_certificates(options: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate")
    with pytest.raises(BotApiError) as caught:
        urls_transport(timeout=1, ca_path=str(tmp_path / "ca.pem"))
    assert caught.value.reason == "bad_option"
