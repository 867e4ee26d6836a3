"""The proxy through which the Bot API is reached: TELEGRAM_PROXY, else the variables that curl reads.

    http://[user:password@]host:port      CONNECT, or the whole URL for an API address without TLS
    https://[user:password@]host:port     the same over TLS to the proxy
    socks5://[user:password@]host:port    SOCKS 5; the API's name is resolved here
    socks5h://[user:password@]host:port   SOCKS 5; the API's name is resolved by the proxy

User and password are percent-encoded ASCII. For Ansible, plugins/module_utils/_core/proxy_url.py reads the
same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

from .address import host_port
from .errors import SettingsError

VARIABLE = "TELEGRAM_PROXY"
DEFAULT_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
"""Ports of the environment's variables, which may leave them out, by scheme. VARIABLE may not."""
_EXPECTED = (
    "http://, https://, socks5:// or socks5h:// and [user:password@]host:port, "
    "user and password percent-encoded"
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,15}")
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
# What Go's and other URL parsers take there as well; all else is percent-encoded.
_USERINFO = re.compile(r"(?:[A-Za-z0-9._~!$&()*+,;=:-]|%[0-9A-Fa-f]{2})*")
# SOCKS 5 has one byte for the length of each (RFC 1929).
_LONGEST = 255


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where a proxy is; neither its repr nor its str shows the login."""

    variable: str
    """Environment variable that names it."""
    scheme: str
    host: str
    port: int
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @property
    def address(self) -> str:
        """Host and port, for people."""
        return host_port(self.host, self.port)

    @property
    def url(self) -> str:
        """All of it, with the login: not to be shown."""
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}@" if self.user else ""
        return f"{self.scheme}://{login}{self.address}"

    @property
    def is_socks(self) -> bool:
        """Whether it speaks SOCKS, and not HTTP."""
        return self.scheme.startswith("socks")

    @property
    def resolves(self) -> bool:
        """Whether names are left to the proxy."""
        return self.scheme != "socks5"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.address}"


def telegram_proxy(env: Mapping[str, str]) -> Proxy | None:
    """The proxy of TELEGRAM_PROXY, None when it is empty; raises SettingsError."""
    return _parse(VARIABLE, env[VARIABLE]) if env.get(VARIABLE) else None


def proxy_for(env: Mapping[str, str], api_url: str) -> Proxy | None:
    """The proxy through which `api_url` is reached, None for a direct connection.

    TELEGRAM_PROXY counts whatever NO_PROXY holds. Raises SettingsError when it, or the variable that takes
    its place, can't be used; the message has no part of the login.
    """
    stated = telegram_proxy(env)
    if stated is not None:
        return stated
    try:
        api = urlsplit(api_url)
    except ValueError:
        raise SettingsError(
            "TELEGRAM_API_URL must be http(s)://host[:port][/path], found something else"
        ) from None
    for name in (f"{api.scheme}_proxy", "all_proxy"):
        for variable in (name, name.upper()):
            if text := env.get(variable, ""):
                # Only here, as it costs memory; and typeshed doesn't have it.
                from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

                no_proxy = env.get("no_proxy") or env.get("NO_PROXY") or ""
                if proxy_bypass_environment(api.netloc.rpartition("@")[2], {"no": no_proxy}):
                    return None
                return _parse(variable, _completed(text))
    return None


def _completed(text: str) -> str:
    """The URL of a variable that may lack scheme and port, as curl completes it."""
    text = text.strip()
    url = text if "://" in text else f"http://{text}"
    scheme, _separator, rest = url.partition("://")
    hostport = rest.rstrip("/").rpartition("@")[2]
    port = DEFAULT_PORTS.get(scheme.lower())
    if port is None or re.search(r":\d*$", hostport.rpartition("]")[2]):
        return url
    return f"{url.rstrip('/')}:{port}"


def _parse(variable: str, text: str) -> Proxy:
    scheme, separator, rest = text.partition("://")
    scheme = scheme.lower()
    if not separator or not _SCHEME.fullmatch(scheme):
        raise _wrong(variable, "no scheme")
    if scheme not in DEFAULT_PORTS:
        raise _wrong(variable, f"{scheme}://")
    if not text.isprintable() or any(letter.isspace() for letter in text):
        raise _wrong(variable, "a space or a control character")
    login, at, hostport = rest.removesuffix("/").rpartition("@")
    if any(letter in hostport for letter in "/?#"):
        raise _wrong(variable, "a path or options after the port")
    host, port = _host_and_port(variable, hostport)
    user, password = _login(variable, login) if at else ("", "")
    return Proxy(variable, scheme, host, port, user, password)


def _host_and_port(variable: str, text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or port.endswith("]"):
        raise _wrong(variable, "no port")
    if not port.isascii() or not port.isdecimal() or not 0 < int(port[:6]) <= 65535:
        raise _wrong(variable, "a port that isn't from 1 to 65535")
    bracketed = host.startswith("[") and host.endswith("]")
    if not bracketed and any(letter in host for letter in ":[]"):
        raise _wrong(variable, "an IPv6 address without its brackets")
    host = host[1:-1] if bracketed else host
    if not _HOST.fullmatch(host) or bracketed is not (":" in host):
        raise _wrong(variable, "a host that isn't a name or an address" if host else "no host")
    return host, int(port)


def _login(variable: str, text: str) -> tuple[str, str]:
    if not _USERINFO.fullmatch(text):
        raise _wrong(variable, "a login that isn't percent-encoded")
    user, _colon, password = (unquote(part) for part in text.partition(":"))
    if not user or not password:
        raise _wrong(variable, "a login without a user or without a password")
    if not all(part.isascii() and part.isprintable() and len(part) <= _LONGEST for part in (user, password)):
        found = f"a user or a password that isn't printable ASCII of at most {_LONGEST} characters"
        raise _wrong(variable, found)
    if ":" in user:
        raise _wrong(variable, "a user with a colon")
    return user, password


def _wrong(variable: str, found: str) -> SettingsError:
    return SettingsError(f"{variable} must be {_EXPECTED}; found {found}")
