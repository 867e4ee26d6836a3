"""The way to the Bot API through real proxies, with nothing but Python."""

from __future__ import annotations

import ast
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._telegram import tunnel
from ansible_collections.aisha.cluster.plugins.module_utils._telegram.client import BotApiError
from ansible_collections.aisha.cluster.plugins.module_utils._telegram.transport import connect
from proxy_servers import API_HOST, ENCODED, LOGIN, SECRETS, ProxyServer, make_certificate, serving

SCHEMES = ["http", "https", "socks5", "socks5h"]
VARIABLES = [f"{name}_proxy" for name in ("http", "https", "all", "no")]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls") / "server.pem")


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@contextmanager
def bot_api(me: dict[str, Any], certificate: Path | None = None) -> Iterator[tuple[int, list[Any]]]:
    """Its port, and the requests: path and headers."""
    asked: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, dict(self.headers)))
            # More than a TLS record, so that it comes in several.
            body = json.dumps({"ok": True, "result": {**me, "padding": "x" * 100_000}}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing of interest."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if certificate is not None:
            import ssl

            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[1], asked
        finally:
            server.shutdown()
            thread.join()


def options(token: str, certificate: Path, **changes: Any) -> dict[str, Any]:
    return {
        "token": token,
        "api_url": "https://127.0.0.1:9",
        "proxy": "",
        "timeout": 5,
        "retries": 0,
        "max_wait": 0,
        "validate_certs": True,
        "ca_path": str(certificate),
        **changes,
    }


def failure(given: dict[str, Any]) -> BotApiError:
    with pytest.raises(BotApiError) as caught:
        connect(given).get_me()
    shown = (str(caught.value), repr(caught.value.as_failure()))
    assert [secret for secret in (*SECRETS, LOGIN[0]) for text in shown if secret in text] == []
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return caught.value


def server(scheme: str, certificate: Path, login: tuple[str, str] | None = LOGIN) -> ProxyServer:
    kind = scheme.removesuffix("h")
    return ProxyServer(kind, login, certificate if kind == "https" else None)


@pytest.mark.parametrize("login", [None, LOGIN], ids=["open", "login"])
@pytest.mark.parametrize("api", ["http", "https"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_calls_go_through_it(
    scheme: str,
    api: str,
    login: tuple[str, str] | None,
    certificate: Path,
    token: str,
    me: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # It counts whatever the environment holds.
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    host = "127.0.0.1" if scheme == "socks5" else API_HOST
    with (
        bot_api(me, certificate if api == "https" else None) as (port, asked),
        serving(server(scheme, certificate, login)) as proxy,
    ):
        proxy.names[API_HOST] = port
        given = options(
            token,
            certificate,
            api_url=f"{api}://{host}:{port}",
            proxy=proxy.url(scheme, ENCODED if login else ""),
        )
        assert connect(given).get_me()["username"] == me["username"]
    target = f"{host}:{port}"
    method = ""
    if not scheme.startswith("socks"):
        method = "GET " if scheme == api == "http" else "CONNECT "
    assert proxy.targets == [method + target]
    ((path, headers),) = asked
    assert path == f"/bot{token}/getMe"
    assert headers["Host"] == target
    assert "Proxy-Authorization" not in headers


@pytest.mark.parametrize(
    ("scheme", "host", "asked"), [("socks5", "localhost", "127.0.0.1"), ("socks5h", "localhost", "localhost")]
)
def test_who_resolves_the_name(
    scheme: str, host: str, asked: str, certificate: Path, token: str, me: dict[str, Any]
) -> None:
    with bot_api(me) as (port, _asked), serving(server(scheme, certificate, None)) as proxy:
        connect(
            options(token, certificate, api_url=f"http://{host}:{port}", proxy=proxy.url(scheme))
        ).get_me()
    assert proxy.targets == [f"{asked}:{port}"]


@pytest.mark.parametrize(
    ("variables", "used"),
    [
        ({"HTTP_PROXY": "{socks}"}, True),
        ({"http_proxy": "{socks}"}, True),
        ({"ALL_PROXY": "{socks}"}, True),
        ({"all_proxy": "{socks}", "ALL_PROXY": "http://127.0.0.1:9"}, True),
        ({"HTTPS_PROXY": "http://127.0.0.1:9"}, False),
        ({"ALL_PROXY": "{socks}", "NO_PROXY": "127.0.0.1"}, False),
        ({"ALL_PROXY": "{socks}", "no_proxy": "*"}, False),
    ],
)
def test_the_environment_is_a_fallback(
    variables: dict[str, str],
    used: bool,
    certificate: Path,
    token: str,
    me: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with bot_api(me) as (port, _asked), serving(ProxyServer("socks5", LOGIN)) as proxy:
        for name, value in variables.items():
            monkeypatch.setenv(name, value.format(socks=proxy.url(login=ENCODED)))
        connect(options(token, certificate, api_url=f"http://127.0.0.1:{port}")).get_me()
    assert proxy.targets == ([f"127.0.0.1:{port}"] if used else [])


@pytest.mark.parametrize("login", ["", "proxy-user:wrong-word"])
@pytest.mark.parametrize("api", ["http", "https"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_login_that_the_proxy_refuses(
    scheme: str, api: str, login: str, certificate: Path, token: str
) -> None:
    with serving(server(scheme, certificate)) as proxy:
        given = options(token, certificate, api_url=f"{api}://127.0.0.1:9", proxy=proxy.url(scheme, login))
        error = failure(given)
    assert (error.reason, error.temporary) == ("proxy", False)
    assert "wrong-word" not in str(error)
    assert "Check telegram_proxy" in str(error)


@pytest.mark.parametrize(
    ("scheme", "found"),
    [
        ("http", "a proxy that refuses (Tunnel connection failed: 403 Forbidden)"),
        ("https", "a proxy that refuses the connection (403)"),
        ("socks5", "a proxy that refuses the connection (not allowed by its rules)"),
        ("socks5h", "a proxy that refuses the connection (not allowed by its rules)"),
    ],
)
def test_a_target_that_the_proxy_refuses(scheme: str, found: str, certificate: Path, token: str) -> None:
    with serving(server(scheme, certificate)) as proxy:
        proxy.refuses = True
        error = failure(options(token, certificate, proxy=proxy.url(scheme, ENCODED)))
    assert error.found == f"{found}, through the proxy 127.0.0.1:{proxy.port}"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_proxy_that_nobody_runs(scheme: str, certificate: Path, token: str) -> None:
    with serving(server(scheme, certificate)) as proxy:
        pass
    error = failure(options(token, certificate, proxy=proxy.url(scheme, ENCODED)))
    assert error.reason == "unreachable"
    assert error.found == f"no connection (Connection refused), through the proxy 127.0.0.1:{proxy.port}"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_silent_proxy(scheme: str, certificate: Path, token: str) -> None:
    with serving(server(scheme, certificate)) as proxy:
        proxy.silent = True
        error = failure(options(token, certificate, proxy=proxy.url(scheme, ENCODED), timeout=1))
    assert error.reason == "timeout"


def test_http_is_not_taken_for_socks(certificate: Path, token: str) -> None:
    with serving(ProxyServer("http")) as proxy:
        error = failure(options(token, certificate, proxy=proxy.url("socks5h"), timeout=1))
    assert error.reason in ("proxy", "timeout")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_certificates_are_verified(scheme: str, certificate: Path, token: str, me: dict[str, Any]) -> None:
    with (
        bot_api(me, certificate) as (port, asked),
        serving(server(scheme, certificate, None)) as proxy,
    ):
        url = f"https://127.0.0.1:{port}"
        given = options(token, certificate, api_url=url, proxy=proxy.url(scheme), ca_path=None)
        assert failure(given).reason == "tls"
        assert asked == []
        assert connect({**given, "validate_certs": False}).get_me()["username"] == me["username"]


@pytest.mark.parametrize("text", [f"socks4://{ENCODED}@proxy:1080", f"{ENCODED}@proxy:1080", "http://proxy"])
def test_a_proxy_that_cannot_work_is_refused(
    text: str, certificate: Path, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BotApiError) as caught:
        connect(options(token, certificate, proxy=text))
    assert str(caught.value).startswith("Option proxy: expected http://, https://, socks5:// or socks5h://")
    assert [secret for secret in SECRETS if secret in str(caught.value)] == []
    monkeypatch.setenv("ALL_PROXY", f"socks4://{ENCODED}@proxy:1080")
    assert failure(options(token, certificate)).reason == "proxy"


def test_nothing_has_to_be_installed() -> None:
    """It runs on hosts that have Python alone."""
    source = Path(str(tunnel.__file__)).read_text()
    roots = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            roots |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            roots.add(str(node.module).partition(".")[0])
    assert roots <= set(sys.stdlib_module_names)
