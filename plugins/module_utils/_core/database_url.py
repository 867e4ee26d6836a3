# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A database's URL, in the dialect of whichever library an application has.

Private to this collection.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .connection_url import ConnectionUrl, UrlError, parse

PORT = 5432
# Before a driver's name, as SQLAlchemy, Django, Prisma and others write it.
_POSTGRESQL = ("postgresql", "postgres", "psql", "pgsql", "postgis", "timescale")
# What libpq understands of what stands behind the question mark; the rest is the application's client's.
_LIBPQ_OPTIONS = (
    "application_name",
    "channel_binding",
    "connect_timeout",
    "gssencmode",
    "host",
    "hostaddr",
    "options",
    "port",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "target_session_attrs",
)
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_YES, _NO = ("true", "1", "yes", "on"), ("false", "0", "no", "off")


@dataclass(frozen=True)
class Database:
    """A PostgreSQL, as its URL says.

    Args:
        url: as it is written.
    """

    url: ConnectionUrl

    @property
    def host(self) -> str:
        """Its first host, or the folder of its socket."""
        return self.url.host or self.url.options.get("host", "")

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

    def for_libpq(self) -> str:
        """Return the URL that libpq, and all that stands on it, understands."""
        options = {name: value for name, value in self.url.options.items() if name in _LIBPQ_OPTIONS}
        options.pop("sslmode", None)
        if self.ssl_mode:
            options["sslmode"] = self.ssl_mode
        return str(replace(self.url, scheme="postgresql", options=options))


def is_other(url: str) -> bool:
    """Whether its database isn't PostgreSQL: the application's own business, which nobody asks."""
    return "://" in url and url.partition(":")[0].lower().partition("+")[0] not in _POSTGRESQL


def database_of(url: str) -> Database:
    """Return what the URL of a PostgreSQL says.

    Raises:
        UrlError: it isn't one, or names no server.
    """
    database = Database(parse(url))
    if not database.host:
        raise UrlError("a host in it", "none")
    return database
