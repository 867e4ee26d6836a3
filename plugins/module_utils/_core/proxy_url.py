# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The proxy through which the Bot API is reached: telegram_proxy, else the variables that curl reads.

Private to this collection. The poll guard, a program of its own, reads the same in its proxy.py. No I/O here.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined] # typeshed doesn't have it

from .address import host_port
from .connection_url import UrlError

if TYPE_CHECKING:
    from collections.abc import Mapping

# Ports that the environment's variables may leave out. telegram_proxy may not.
_DEFAULT_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
EXPECTED = (
    "http://, https://, socks5:// or socks5h:// and [user:password@]host:port, "
    "user and password percent-encoded"
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,15}")
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
# What Go's and other URL parsers take there as well; all else is percent-encoded.
_USERINFO = re.compile(r"(?:[A-Za-z0-9._~!$&()*+,;=:-]|%[0-9A-Fa-f]{2})*")
# SOCKS 5 has one byte for the length of each (RFC 1929).
_LONGEST = 255


@dataclass(frozen=True)
class Proxy:
    """Where a proxy is; neither its repr nor its str shows the login.

    Args:
        scheme: http, https, socks5 or socks5h.
        host: name or address, without brackets.
        port: from 1 to 65535.
        user: decoded; empty with the password.
        password: decoded.
    """

    scheme: str
    host: str
    port: int
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @property
    def address(self) -> str:
        """Host and port."""
        return host_port(self.host, self.port)

    @property
    def url(self) -> str:
        """All of it, with the login: not to be shown."""
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}@" if self.user else ""
        return f"{self.scheme}://{login}{self.address}"

    @property
    def is_loopback(self) -> bool:
        """Whether it is an address of the very host or container that uses it."""
        try:
            address = ipaddress.ip_address(self.host)
        except ValueError:
            name = self.host.lower().rstrip(".")
            return name == "localhost" or name.endswith(".localhost")
        return address.is_loopback or address.is_unspecified

    def __str__(self) -> str:
        return f"{self.scheme}://{self.address}"


def proxy_of(text: str) -> Proxy:
    """Return what a proxy's URL says.

    Raises:
        UrlError: it can't be used; the message has no part of the login.
    """
    scheme, separator, rest = text.partition("://")
    scheme = scheme.lower()
    if not separator or not _SCHEME.fullmatch(scheme):
        raise UrlError(EXPECTED, "no scheme")
    if scheme not in _DEFAULT_PORTS:
        raise UrlError(EXPECTED, f"{scheme}://")
    if not text.isprintable() or any(letter.isspace() for letter in text):
        raise UrlError(EXPECTED, "a space or a control character")
    login, at, hostport = rest.removesuffix("/").rpartition("@")
    if any(letter in hostport for letter in "/?#"):
        raise UrlError(EXPECTED, "a path or options after the port")
    host, port = _host_and_port(hostport)
    user, password = _login(login) if at else ("", "")
    return Proxy(scheme, host, port, user, password)


def _host_and_port(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or port.endswith("]"):
        raise UrlError(EXPECTED, "no port")
    if not port.isascii() or not port.isdecimal() or not 0 < int(port[:6]) <= 65535:
        raise UrlError(EXPECTED, "a port that isn't from 1 to 65535")
    bracketed = host.startswith("[") and host.endswith("]")
    if not bracketed and any(letter in host for letter in ":[]"):
        raise UrlError(EXPECTED, "an IPv6 address without its brackets")
    host = host[1:-1] if bracketed else host
    if not _HOST.fullmatch(host) or bracketed is not (":" in host):
        raise UrlError(EXPECTED, "a host that isn't a name or an address" if host else "no host")
    return host, int(port)


def _login(text: str) -> tuple[str, str]:
    if not _USERINFO.fullmatch(text):
        raise UrlError(EXPECTED, "a login that isn't percent-encoded")
    user, _colon, password = (unquote(part) for part in text.partition(":"))
    if not user or not password:
        raise UrlError(EXPECTED, "a login without a user or without a password")
    if not all(part.isascii() and part.isprintable() and len(part) <= _LONGEST for part in (user, password)):
        found = f"a user or a password that isn't printable ASCII of at most {_LONGEST} characters"
        raise UrlError(EXPECTED, found)
    if ":" in user:
        raise UrlError(EXPECTED, "a user with a colon")
    return user, password


def proxy_for(url: str, environment: Mapping[str, str]) -> Proxy | None:
    """Return the environment's proxy for a URL, None for a direct connection.

    Raises:
        UrlError: the variable, which begins what was found, can't be used.
    """
    parts = urlsplit(url)
    for name in (f"{parts.scheme}_proxy", "all_proxy"):
        for variable in (name, name.upper()):
            text = environment.get(variable, "")
            if not text:
                continue
            no_proxy = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
            if proxy_bypass_environment(parts.netloc.rpartition("@")[2], {"no": no_proxy}):
                return None
            try:
                return proxy_of(_completed(text))
            except UrlError as error:
                raise UrlError(f"{error.expected} in {variable}", error.found) from None
    return None


def _completed(text: str) -> str:
    """Return the URL of a variable that may lack scheme and port, as curl completes it."""
    text = text.strip()
    url = text if "://" in text else f"http://{text}"
    scheme, _separator, rest = url.partition("://")
    hostport = rest.rstrip("/").rpartition("@")[2]
    port = _DEFAULT_PORTS.get(scheme.lower())
    if port is None or re.search(r":\d*$", hostport.rpartition("]")[2]):
        return url
    return f"{url.rstrip('/')}:{port}"
