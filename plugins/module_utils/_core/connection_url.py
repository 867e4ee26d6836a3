# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands in a connection URL, as people write it: also with a password that nobody has encoded.

Private to this collection. No message has any part of a URL but its scheme.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote

from .address import host_port, url_host

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_HOST = r"(?:\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9_.%-]*)(?::[0-9]{0,5})?"
# Hosts, a path, and options: what may follow user and password.
_TAIL = re.compile(rf"({_HOST}(?:,{_HOST})*)(/[^?#]*)?(?:\?([^#]*))?(?:#.*)?", re.DOTALL)
_HOST_AND_PORT = re.compile(r"[^@/]*:[0-9]{1,5}")
LAST_PORT = 65535


class UrlError(ValueError):
    """A URL that can't be understood.

    Args:
        expected: what was, as the middle of a sentence.
        found: likewise, without any of the URL's values.
    """

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.expected = expected
        self.found = found


@dataclass(frozen=True)
class ConnectionUrl:
    """A URL's parts, decoded; its repr shows no password.

    Args:
        scheme: in small letters.
        hosts: names or addresses, without brackets, each with its port, or None.
        path: without the slash in front.
        options: of the query, in their order.
    """

    scheme: str
    user: str = ""
    password: str = field(default="", repr=False)
    hosts: tuple[tuple[str, int | None], ...] = ()
    path: str = ""
    options: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def host(self) -> str:
        """The first host."""
        return self.hosts[0][0] if self.hosts else ""

    @property
    def port(self) -> int | None:
        """The first host's port."""
        return self.hosts[0][1] if self.hosts else None

    @property
    def address(self) -> str:
        """Where it is: hosts and path, for people."""
        return _joined(self.hosts) + (f"/{self.path}" if self.path else "")

    def __str__(self) -> str:
        """The same as a URL that every client reads: all that needs it is percent-encoded."""
        userinfo = quote(self.user, safe="")
        if self.password:
            userinfo += f":{quote(self.password, safe='')}"
        path = f"/{quote(self.path)}" if self.path else ""
        options = "&".join(f"{quote(name)}={quote(value, safe='/')}" for name, value in self.options.items())
        return (
            f"{self.scheme}://{userinfo}{'@' if userinfo else ''}{_joined(self.hosts, encoded=True)}{path}"
            f"{'?' if options else ''}{options}"
        )


def parse(url: str) -> ConnectionUrl:
    """Return the parts of a URL.

    User and password end at the last `@` after which hosts may stand, so that a password may have any
    character. An `@` in an option's value isn't that one.

    Raises:
        UrlError: it isn't one.
    """
    begin = _SCHEME.match(url.strip())
    if begin is None:
        raise UrlError("scheme://user:password@host:port/database", "no scheme")
    rest = url.strip()[begin.end() :]
    userinfo, hosts, path, query = _split(rest)
    user, _colon, password = userinfo.partition(":")
    return ConnectionUrl(
        begin[1].lower(),
        unquote(user),
        unquote(password),
        tuple(_host(each) for each in hosts.split(",") if each),
        unquote(path.removeprefix("/")),
        dict(parse_qsl(query, keep_blank_values=True)),
    )


def _split(rest: str) -> tuple[str, str, str, str]:
    """Return user and password, hosts, path, and options."""
    ends = [index for index, letter in enumerate(rest) if letter == "@"]
    for end in reversed(ends):
        tail = _TAIL.fullmatch(rest[end + 1 :])
        if tail is not None and not _is_in_options(rest, end):
            return rest[:end], tail[1], tail[2] or "", tail[3] or ""
    tail = _TAIL.fullmatch(rest)
    if tail is None or (ends and not _is_in_options(rest, ends[-1])):
        raise UrlError("hosts of letters, digits, '.', '-' and '_', and ports of digits", "something else")
    return "", tail[1], tail[2] or "", tail[3] or ""


def _is_in_options(rest: str, end: int) -> bool:
    """Whether an `@` belongs to an option's value: what is before `?` is a whole address, and `=` follows.

    What looks like host and port is a login when another address follows, with a port or a path.
    """
    before, question, after = rest[:end].partition("?")
    if not question or "=" not in after:
        return False
    tail = _TAIL.fullmatch(rest[end + 1 :])
    if _HOST_AND_PORT.fullmatch(before) and tail is not None and (tail[2] or ":" in tail[1]):
        return False
    return _TAIL.fullmatch(before.rpartition("@")[2]) is not None


def _host(text: str) -> tuple[str, int | None]:
    if text.startswith("["):
        name, _bracket, port = text[1:].partition("]")
        port = port.removeprefix(":")
    else:
        name, _colon, port = text.partition(":")
    if port and not 0 < int(port) <= LAST_PORT:
        raise UrlError(f"a port from 1 to {LAST_PORT}", "another number")
    return unquote(name), int(port) if port else None


def _joined(hosts: tuple[tuple[str, int | None], ...], *, encoded: bool = False) -> str:
    def shown(name: str) -> str:
        return quote(name, safe="") if encoded and ":" not in name else name

    return ",".join(host_port(shown(name), port) if port else url_host(shown(name)) for name, port in hosts)
