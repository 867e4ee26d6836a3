# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A database's URL, in the dialect of whichever library an application has.

Private to this collection.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from .connection_url import LAST_PORT, ConnectionUrl, UrlError, parse

PORT = 5432
# Before a driver's name, as SQLAlchemy, Django, Prisma and others write it.
_POSTGRESQL = ("postgresql", "postgres", "psql", "pgsql", "postgis", "timescale")
# What libpq understands of what stands behind the question mark; the rest is the application's client's.
_LIBPQ_OPTIONS = (
    "application_name",
    "channel_binding",
    "connect_timeout",
    "gssencmode",
    "hostaddr",
    "options",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "target_session_attrs",
)
# Files of the application's image, which no other has.
_FILE_OPTIONS = ("sslcert", "sslkey", "sslrootcert")
# A client's own certificate: of libpq, and of Prisma, where sslcert is the authority's.
_CLIENT_KEYS = ("sslkey", "sslidentity")
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_YES, _NO = ("true", "1", "yes", "on"), ("false", "0", "no", "off")
_HOST_PORT = re.compile(r"([^:/]+):([0-9]+)")
# A URL without //, as SQLite's and JDBC's are; not a host and its port.
_OPAQUE = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?!//)[^0-9]")


@dataclass(frozen=True)
class Database:
    """A PostgreSQL, as its URL says.

    Args:
        url: with host, port, user, password and database where they belong, also when they were written
            behind the question mark.
    """

    url: ConnectionUrl

    @property
    def host(self) -> str:
        """Its first host, or the folder of its socket."""
        return self.url.host

    @property
    def port(self) -> int:
        """The first host's port."""
        return self.url.port or PORT

    @property
    def ssl_mode(self) -> str:
        """What libpq calls it; empty where the URL says nothing."""
        mode = self.url.options.get("sslmode") or self.url.options.get("ssl", "")
        if mode.lower() in _YES:
            return "require"
        return "disable" if mode.lower() in _NO else mode if mode in _SSL_MODES else ""

    @property
    def unprobed(self) -> str:
        """Why only the application can reach it; empty where others can."""
        if any(host.startswith(("/", "@")) for host, _port in self.url.hosts):
            return "a socket, which is reached from its own host alone"
        if any(self.url.options.get(name) for name in _CLIENT_KEYS):
            return "a client certificate, which the application's image alone has"
        return ""

    def for_libpq(self) -> str:
        """Return the URL that libpq, and all that stands on it, understands."""
        options = {name: value for name, value in self.url.options.items() if name in _LIBPQ_OPTIONS}
        options.pop("sslmode", None)
        if self.ssl_mode:
            options["sslmode"] = self.ssl_mode
        return str(replace(self.url, scheme="postgresql", options=options))

    def for_probe(self) -> str:
        """Return the same for a client without the application's files; empty where only that can reach it.

        Without the authority's certificate TLS is still required, and the server isn't verified.
        """
        if self.unprobed:
            return ""
        options = {name: value for name, value in self.url.options.items() if name not in _FILE_OPTIONS}
        if self.ssl_mode.startswith("verify-"):
            options["sslmode"] = "require"
        return Database(replace(self.url, options=options)).for_libpq()


def is_other(url: str) -> bool:
    """Whether its database isn't PostgreSQL: the application's own business, which nobody asks."""
    scheme, separator, _rest = url.strip().partition("://")
    if opaque := _OPAQUE.match(url.strip()):
        scheme = opaque[1]
        # A login that lacks its scheme looks like one.
        separator = "" if "@" in url and scheme.lower() != "jdbc" else ":"
    return bool(scheme and separator) and scheme.lower().partition("+")[0] not in _POSTGRESQL


def database_of(url: str) -> Database:
    """Return what the URL of a PostgreSQL says.

    Raises:
        UrlError: it isn't one, or names no server.
    """
    database = Database(_with_options_in_place(parse(url)))
    if not database.host:
        raise UrlError("a host in it", "none")
    return database


def _with_options_in_place(url: ConnectionUrl) -> ConnectionUrl:
    """Return the URL with what libpq takes behind the question mark, and prefers, where it belongs."""
    options = dict(url.options)
    named = options.pop("host", "") or ("" if url.hosts else options.get("hostaddr", ""))
    hosts = tuple(_host(name) for name in named.split(",")) if named else url.hosts
    ports = [_port(port) for port in options.pop("port", "").split(",")]
    # One port is that of all hosts.
    of_host = ports * len(hosts) if len(ports) == 1 else [*ports, *[None] * len(hosts)]
    hosts = tuple((name, port or own) for (name, own), port in zip(hosts, of_host, strict=False))
    return replace(
        url,
        hosts=hosts,
        user=options.pop("user", "") or url.user,
        password=options.pop("password", "") or url.password,
        path=options.pop("dbname", "") or url.path,
        options=options,
    )


def _host(text: str) -> tuple[str, int | None]:
    """Return a host, which SQLAlchemy writes with its port."""
    with_port = _HOST_PORT.fullmatch(text)
    return (with_port[1], _port(with_port[2])) if with_port else (text, None)


def _port(text: str) -> int | None:
    if text and not (text.isdecimal() and 0 < int(text) <= LAST_PORT):
        raise UrlError(f"a port from 1 to {LAST_PORT}", "something else")
    return int(text) if text else None
