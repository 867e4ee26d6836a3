"""Which proxy leads to the Bot API, and what is refused before anything starts."""

from __future__ import annotations

import pytest
from pollguard import exit_codes
from pollguard.config import from_environment
from pollguard.errors import SettingsError
from pollguard.proxy import Proxy, proxy_for
from pollguard_harness import make_token
from proxy_servers import ENCODED, LOGIN, SECRETS

API = "https://api.telegram.org"
SETTINGS = {"POLLGUARD_REDIS_URL": "redis://r/2", "TELEGRAM_BOT_TOKEN": make_token(), "INSTANCE_ID": "one"}


@pytest.mark.parametrize(
    ("text", "scheme", "host", "port"),
    [
        ("http://proxy:3128", "http", "proxy", 3128),
        ("HTTPS://proxy.example.com:443/", "https", "proxy.example.com", 443),
        ("socks5://10.0.0.1:1080", "socks5", "10.0.0.1", 1080),
        ("socks5h://[2001:db8::1]:1080", "socks5h", "2001:db8::1", 1080),
    ],
)
@pytest.mark.parametrize("login", ["", f"{ENCODED}@"])
def test_spellings(text: str, scheme: str, host: str, port: int, login: str) -> None:
    proxy = proxy_for({"TELEGRAM_PROXY": text.replace("://", f"://{login}")}, API)
    user, password = LOGIN if login else ("", "")
    assert proxy == Proxy("TELEGRAM_PROXY", scheme, host, port, user, password)
    assert proxy_for({"TELEGRAM_PROXY": proxy.url}, API) == proxy
    for shown in (repr(proxy), str(proxy), proxy.address):
        assert [secret for secret in (*SECRETS, LOGIN[0]) if secret in shown] == []


REFUSED = [
    ("proxy:3128", "no scheme"),
    ("{login}@proxy:3128", "no scheme"),
    ("://proxy:3128", "no scheme"),
    ("socks4://{login}@proxy:1080", "socks4://"),
    ("socks://proxy:1080", "socks://"),
    ("mtproto://proxy:443", "mtproto://"),
    ("http://{login}@proxy", "no port"),
    ("http://[::1]", "no port"),
    ("http://proxy:", "a port that"),
    ("http://proxy:0", "a port that"),
    ("http://proxy:65536", "a port that"),
    ("http://proxy:" + "9" * 5000, "a port that"),
    ("http://proxy:http", "a port that"),
    ("http://:3128", "no host"),
    ("http://{login}@:3128", "no host"),
    ("http://::1:3128", "an IPv6 address without"),
    ("http://pro xy:3128", "a space"),
    ("http://{login}@proxy:3128\n", "a space"),
    ("http://pröxy:3128", "a host that"),
    ("http://proxy:3128/path", "a path"),
    ("http://{login}@proxy:3128?x=1", "a path"),
    ("http://proxy:3128#x", "a path"),
    ("http://user:p/ss@proxy:3128", "a login that isn't percent-encoded"),
    ("http://user:p@ss@proxy:3128", "a login that isn't percent-encoded"),
    ("socks5://user@proxy:1080", "a login without"),
    ("socks5://:hunter22@proxy:1080", "a login without"),
    ("http://user:@proxy:1080", "a login without"),
    ("http://@proxy:1080", "a login without"),
    ("http://us%3Aer:hunter22@proxy:1080", "a user with a colon"),
    ("socks5h://user:" + "x" * 256 + "@proxy:1080", "a user or a password"),
    ("socks5h://user:hunter%0A22@proxy:1080", "a user or a password"),
    ("socks5h://user:h%C3%BCnter22@proxy:1080", "a user or a password"),
    ("socks5h://user:hünter22@proxy:1080", "a login that isn't percent-encoded"),
    ("socks5h://user:hunter'22@proxy:1080", "a login that isn't percent-encoded"),
    ("socks5h://user:hunter22%@proxy:1080", "a login that isn't percent-encoded"),
]


@pytest.mark.parametrize("mode", ["gate", "process"])
@pytest.mark.parametrize(("text", "found"), REFUSED)
def test_what_cannot_work_is_refused(text: str, found: str, mode: str) -> None:
    with pytest.raises(SettingsError) as caught:
        from_environment(SETTINGS | {"TELEGRAM_PROXY": text.format(login=ENCODED)}, mode)
    said = str(caught.value)
    assert said.startswith("TELEGRAM_PROXY must be http://, https://, socks5:// or socks5h:// and ")
    assert f"; found {found}" in said
    assert "\n" not in said
    assert [
        secret for secret in (*SECRETS, LOGIN[0], "hunter", "p/ss", "p@ss", "xxx") if secret in said
    ] == []
    assert caught.value.exit_code == exit_codes.BAD_SETTINGS


@pytest.mark.parametrize(
    ("env", "api_url", "found"),
    [
        ({}, API, None),
        ({"HTTPS_PROXY": "http://one:1"}, API, "http://one:1"),
        ({"https_proxy": "http://two:2", "HTTPS_PROXY": "http://one:1"}, API, "http://two:2"),
        ({"HTTPS_PROXY": "", "ALL_PROXY": "socks5://one:1"}, API, "socks5://one:1"),
        ({"ALL_PROXY": "socks5h://one:1", "all_proxy": "socks5://two:2"}, API, "socks5://two:2"),
        ({"ALL_PROXY": "socks5://one:1", "HTTPS_PROXY": "http://two:2"}, API, "http://two:2"),
        # One for addresses without TLS isn't for those with.
        ({"HTTP_PROXY": "http://one:1"}, API, None),
        ({"HTTP_PROXY": "http://one:1", "HTTPS_PROXY": "http://two:2"}, "http://api:8081", "http://one:1"),
        ({"http_proxy": "one:1"}, "http://api:8081", "http://one:1"),
        # Scheme and port as curl completes them.
        ({"HTTPS_PROXY": "proxy"}, API, "http://proxy:80"),
        ({"HTTPS_PROXY": "user:word@proxy/"}, API, "http://proxy:80"),
        ({"ALL_PROXY": "socks5h://[::1]"}, API, "socks5h://[::1]:1080"),
        ({"ALL_PROXY": "https://proxy"}, API, "https://proxy:443"),
        # None of those counts beside the one for Telegram.
        (
            {"TELEGRAM_PROXY": "http://one:1", "HTTPS_PROXY": "socks9://x", "NO_PROXY": "*"},
            API,
            "http://one:1",
        ),
        ({"TELEGRAM_PROXY": "", "HTTPS_PROXY": "http://two:2"}, API, "http://two:2"),
        ({"ALL_PROXY": "socks5://one:1", "NO_PROXY": "api.telegram.org"}, API, None),
        ({"ALL_PROXY": "socks5://one:1", "no_proxy": "localhost, .telegram.org"}, API, None),
        ({"HTTPS_PROXY": "http://one:1", "NO_PROXY": "*"}, API, None),
        ({"HTTPS_PROXY": "http://one:1", "NO_PROXY": "telegram.com,127.0.0.1"}, API, "http://one:1"),
        ({"HTTP_PROXY": "http://one:1", "NO_PROXY": "api:8081"}, "http://api:8081", None),
        # One that isn't used isn't refused either.
        ({"ALL_PROXY": "socks4://one:1", "NO_PROXY": "api.telegram.org"}, API, None),
    ],
)
def test_the_environment_is_a_fallback(env: dict[str, str], api_url: str, found: str | None) -> None:
    proxy = proxy_for(env, api_url)
    assert (None if proxy is None else str(proxy)) == found


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_the_environments_proxy_is_refused_by_its_name(variable: str) -> None:
    env = SETTINGS | {variable: f"socks4://{ENCODED}@proxy:1080"}
    with pytest.raises(SettingsError, match=f"^{variable} must be ") as caught:
        from_environment(env, "gate")
    assert [secret for secret in SECRETS if secret in str(caught.value)] == []
    # In process mode COMMAND alone reads it.
    assert from_environment(env, "process").proxy is None


def test_settings_have_it_in_both_modes() -> None:
    for mode in ("gate", "process"):
        settings = from_environment(SETTINGS | {"TELEGRAM_PROXY": f"socks5h://{ENCODED}@proxy:1080"}, mode)
        assert str(settings.proxy) == "socks5h://proxy:1080"
        assert [secret for secret in SECRETS if secret in repr(settings)] == []
