"""What a proxy's URL says, and that the poll guard, a program of its own, reads it the same way."""

from __future__ import annotations

import importlib
import sys
from itertools import product
from pathlib import Path

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._core.connection_url import UrlError
from ansible_collections.aisha.cluster.plugins.module_utils._core.proxy_url import (
    Proxy,
    proxy_for,
    proxy_of,
)
from proxy_servers import ENCODED, LOGIN, SECRETS

APP = Path(__file__).resolve().parents[5] / "roles/bot_cluster/files/pollguard/app"
PARTS = (
    ["http://", "https://", "SOCKS5://", "socks5h://", "socks4://", "socks://", "://", "", "a b://"],
    [
        "",
        f"{ENCODED}@",
        "user@",
        "user:@",
        ":word@",
        "@",
        "u%3Aser:wo:rd@",
        "user:p/w@",
        "us'er:word@",
        "user:100%@",
        "us@er:word@",
    ],
    ["proxy", "10.0.0.1", "[::1]", "::1", "[proxy]", "[", "", "pröxy", "pro xy", "prox%79"],
    [":3128", "", ":", ":0", ":65535", ":65536", ":x", ":٣", ":" + "9" * 5000],
    ["", "/", "//", "/path", "?a=1", "#x", "\n"],
)


def outcome(text: str) -> tuple[str, str, int, str, str] | str:
    try:
        proxy = proxy_of(text)
    except UrlError as error:
        return str(error.found)
    return proxy.scheme, proxy.host, proxy.port, proxy.user, proxy.password


def test_the_poll_guard_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(APP))
    for name in [name for name in sys.modules if name.partition(".")[0] == "pollguard"]:
        monkeypatch.delitem(sys.modules, name)
    guards = importlib.import_module("pollguard.proxy")

    def guard(text: str) -> tuple[str, str, int, str, str] | str:
        try:
            proxy = guards.proxy_for({"TELEGRAM_PROXY": text}, "https://api.telegram.org")
        except guards.SettingsError as error:
            return str(error).partition("; found ")[2]
        return proxy.scheme, proxy.host, proxy.port, proxy.user, proxy.password

    texts = [text for text in map("".join, product(*PARTS)) if text]
    assert [text for text in texts if guard(text) != outcome(text)] == []
    outcomes = [outcome(text) for text in texts]
    # Of either kind there are some, and what is said of those that are refused has nothing of the login.
    assert {type(one) for one in outcomes} == {str, tuple}
    parts = (*SECRETS, LOGIN[0], "wo:rd", "p/w")
    assert [one for one in outcomes if isinstance(one, str) for part in parts if part in one] == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://proxy:3128", "http://proxy:3128"),
        ("socks5h://[2001:db8::1]:1080/", "socks5h://[2001:db8::1]:1080"),
        (f"https://{ENCODED}@proxy:443", "https://proxy:443"),
    ],
)
def test_forms(text: str, shown: str) -> None:
    proxy = proxy_of(text)
    assert str(proxy) == shown
    assert proxy_of(proxy.url) == proxy
    assert [secret for secret in (*SECRETS, LOGIN[0]) if secret in repr(proxy)] == []


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("[::1]", True),
        ("0.0.0.0", True),  # noqa: S104
        ("LocalHost", True),
        ("proxy.localhost", True),
        ("10.0.0.1", False),
        ("proxy.example.com", False),
        ("localhost.example.com", False),
    ],
)
def test_an_address_of_whoever_uses_it(host: str, loopback: bool) -> None:
    assert proxy_of(f"http://{host}:3128").is_loopback is loopback


def test_the_environment_is_read_as_curl_reads_it() -> None:
    api = "https://api.telegram.org"
    one = Proxy("socks5", "one", 1080)
    assert proxy_for(api, {}) is None
    assert proxy_for(api, {"ALL_PROXY": "socks5://one"}) == one
    assert proxy_for(api, {"all_proxy": "socks5://one", "ALL_PROXY": "http://two"}) == one
    assert proxy_for(api, {"HTTPS_PROXY": "two", "ALL_PROXY": "socks5://one"}) == Proxy("http", "two", 80)
    assert proxy_for(api, {"HTTP_PROXY": "two"}) is None
    assert proxy_for("http://api:8081", {"HTTP_PROXY": "two:1"}) == Proxy("http", "two", 1)
    for no_proxy in ("api.telegram.org", ".telegram.org", "x, telegram.org", "*"):
        assert proxy_for(api, {"ALL_PROXY": "socks4://one", "NO_PROXY": no_proxy}) is None
    with pytest.raises(UrlError, match=r" in ALL_PROXY, found socks4://$"):
        proxy_for(api, {"ALL_PROXY": f"socks4://{ENCODED}@one:1080"})
