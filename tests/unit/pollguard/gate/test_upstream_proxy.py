"""The gate's way to the Bot API through real proxies."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from gate_inside import AGENT, InsideGate, answering, serving
from pollguard.gate.upstream import UnreachableError, Upstream
from pollguard.proxy import Proxy, proxy_for
from proxy_servers import API_HOST, ENCODED, LOGIN, SECRETS, ProxyServer, make_certificate
from proxy_servers import serving as proxying

SCHEMES = ["http", "https", "socks5", "socks5h"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls") / "server.pem")


@pytest.fixture(autouse=True)
def _trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


def server(scheme: str, certificate: Path, login: tuple[str, str] | None = LOGIN) -> ProxyServer:
    kind = scheme.removesuffix("h")
    return ProxyServer(kind, login, certificate if kind == "https" else None)


def read(url: str) -> Proxy:
    proxy = proxy_for({"TELEGRAM_PROXY": url}, "")
    assert proxy is not None
    return proxy


async def failure(upstream: Upstream, limit: float = 5.0) -> str:
    """What is said of a call that fails; nothing of it is secret."""
    try:
        with pytest.raises(UnreachableError) as caught:
            await upstream.call("/x", {}, limit)
    finally:
        await upstream.close()
    assert [secret for secret in SECRETS if secret in str(caught.value)] == []
    return str(caught.value)


@pytest.mark.parametrize("login", [None, LOGIN], ids=["open", "login"])
@pytest.mark.parametrize("api", ["http", "https"])
@pytest.mark.parametrize("scheme", SCHEMES)
async def test_calls_go_through_it(
    scheme: str, api: str, login: tuple[str, str] | None, certificate: Path, token: str
) -> None:
    async with answering(certificate=certificate if api == "https" else None) as upstairs:
        with proxying(server(scheme, certificate, login)) as proxy:
            # A name that only the proxy resolves, unless its scheme leaves that to us.
            host = "127.0.0.1" if scheme == "socks5" else API_HOST
            proxy.names[API_HOST] = upstairs.port
            stated = read(proxy.url(scheme, ENCODED if login else ""))
            gate = InsideGate(f"{api}://{host}:{upstairs.port}", token, proxy=stated)
            async with serving(gate):
                assert (await gate.call("sendMessage", text="x" * 100_000))["result"] is True
                assert (await gate.call("getMe"))["result"] is True
                await gate.reach.probe()
            assert gate.reach.reachable
    target = f"{host}:{upstairs.port}"
    method = "" if scheme.startswith("socks") else "CONNECT " if api == "https" else "POST "
    assert set(proxy.targets) == {method + target}
    called = [seen.path for seen in upstairs.seen if not seen.path.endswith("/getWebhookInfo")]
    assert called == [f"/bot{token}/sendMessage", f"/bot{token}/getMe"]
    # The login is the proxy's alone.
    assert [seen for seen in upstairs.seen if seen.header("Proxy-Authorization")] == []
    assert [secret for seen in upstairs.seen for secret in SECRETS if secret in repr(seen)] == []


@pytest.mark.parametrize(
    ("scheme", "host", "asked"), [("socks5", "localhost", "127.0.0.1"), ("socks5h", "localhost", "localhost")]
)
async def test_who_resolves_the_name(scheme: str, host: str, asked: str, certificate: Path) -> None:
    async with answering() as upstairs:
        with proxying(server(scheme, certificate, None)) as proxy:
            upstream = Upstream(f"http://{host}:{upstairs.port}", AGENT, read(proxy.url(scheme)))
            assert (await upstream.call("/x", {}, 5)).status == 200
            await upstream.close()
    assert proxy.targets == [f"{asked}:{upstairs.port}"]


@pytest.mark.parametrize("login", ["", "proxy-user:wrong-word"])
@pytest.mark.parametrize("api", ["http", "https"])
@pytest.mark.parametrize("scheme", SCHEMES)
async def test_a_login_that_the_proxy_refuses(scheme: str, api: str, login: str, certificate: Path) -> None:
    with proxying(server(scheme, certificate)) as proxy:
        stated = read(proxy.url(scheme, login))
        said = await failure(Upstream(f"{api}://127.0.0.1:9", AGENT, stated))
    assert f"the proxy {scheme}://127.0.0.1:{proxy.port}" in said
    assert "wrong-word" not in said
    if scheme.startswith("socks"):
        assert "uthentication" in said
    else:
        assert said.endswith("refuses user and password (407)")


async def test_a_forwarded_call_fails_with_the_login(certificate: Path, token: str) -> None:
    with proxying(server("http", certificate)) as proxy:
        gate = InsideGate("http://127.0.0.1:9", token, proxy=read(proxy.url()))
        async with serving(gate):
            assert (await gate.call("getMe"))["status"] == 502
            await gate.reach.probe()
            await gate.reach.probe()
    assert "refuses user and password (407)" in gate.reach.error
    assert not gate.reach.reachable


@pytest.mark.parametrize(
    ("scheme", "said"),
    [
        ("http", "refuses a connection to 127.0.0.1 (403)"),
        ("https", "refuses a connection to 127.0.0.1 (403)"),
        ("socks5", "Connection not allowed by ruleset"),
        ("socks5h", "Connection not allowed by ruleset"),
    ],
)
async def test_a_target_that_the_proxy_refuses(scheme: str, said: str, certificate: Path) -> None:
    with proxying(server(scheme, certificate)) as proxy:
        proxy.refuses = True
        upstream = Upstream("https://127.0.0.1:9", AGENT, read(proxy.url(scheme, ENCODED)))
        assert said in await failure(upstream)


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_a_proxy_that_nobody_runs(scheme: str, certificate: Path) -> None:
    with proxying(server(scheme, certificate)) as proxy:
        pass
    upstream = Upstream("https://127.0.0.1:9", AGENT, read(proxy.url(scheme, ENCODED)))
    said = await failure(upstream)
    assert f"the proxy {scheme}://127.0.0.1:{proxy.port}" in said
    assert "refused" in said.lower() or "Connect call failed" in said


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_a_silent_proxy(scheme: str, certificate: Path) -> None:
    with proxying(server(scheme, certificate)) as proxy:
        proxy.silent = True
        upstream = Upstream("https://127.0.0.1:9", AGENT, read(proxy.url(scheme, ENCODED)))
        said = await failure(upstream, 0.5)
    assert said.startswith("127.0.0.1 gave no answer within 0.5 s through the proxy")


@pytest.mark.parametrize("scheme", [*SCHEMES, ""])
async def test_certificates_are_verified(
    scheme: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", ssl.get_default_verify_paths().openssl_cafile)
    async with answering(certificate=certificate) as upstairs:
        with proxying(server(scheme, certificate, None)) as proxy:
            stated = read(proxy.url(scheme)) if scheme else None
            said = await failure(Upstream(f"https://127.0.0.1:{upstairs.port}", AGENT, stated))
    assert "ertificate" in said
    assert upstairs.seen == []


async def test_without_one_the_environment_is_not_read(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has been read as a whole at the start; see test_proxy.py."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with answering() as upstairs:
        upstream = Upstream(upstairs.url, AGENT)
        assert (await upstream.call("/x", {}, 5)).status == 200
        await upstream.close()
