# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Redis' URL, with the options of whichever client an application has.

Private to this collection. What the poll guard reads is written here as it reads it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .connection_url import ConnectionUrl, UrlError, parse

PORT = 6379
SENTINEL_PORT = 26379
SCHEMES = ("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel")
# Other names of the same.
_SAME = {"valkey": "redis", "valkeys": "rediss", "redis+unix": "unix", "redis+socket": "unix"}
# What the poll guard knows of what stands behind the question mark; the rest is the application's client's.
_TLS_OPTIONS = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname")
_SENTINEL_OPTIONS = ("sentinel_username", "sentinel_password")


@dataclass(frozen=True)
class RedisServer:
    """A Redis, or the Sentinels that know where it is.

    Args:
        url: with its scheme as one of SCHEMES.
        database: its number.
        service: the name by which Sentinels know it.
    """

    url: ConnectionUrl
    database: int = 0
    service: str = ""

    @property
    def tls(self) -> bool:
        return self.url.scheme.startswith("rediss")

    @property
    def sentinels(self) -> bool:
        """Whether the hosts are Sentinels."""
        return self.url.scheme.endswith("+sentinel")

    @property
    def port(self) -> int:
        """The first host's port."""
        return self.url.port or (SENTINEL_PORT if self.sentinels else PORT)

    @property
    def address(self) -> str:
        """Where it is, for people."""
        return self.url.address

    def as_url(self, database: int | None = None) -> str:
        """Return the URL that the poll guard reads, of this or of another database."""
        number = self.database if database is None else database
        known = (_TLS_OPTIONS if self.tls else ()) + (_SENTINEL_OPTIONS if self.sentinels else ())
        options = {name: value for name, value in self.url.options.items() if name in known}
        if self.url.scheme == "unix":
            return str(replace(self.url, options={"db": str(number)}))
        path = f"{self.service}/{number}" if self.sentinels else str(number)
        return str(replace(self.url, path=path, options=options))


def redis_of(url: str) -> RedisServer:
    """Return what Redis' URL says.

    Raises:
        UrlError: it isn't one.
    """
    read = parse(url)
    read = replace(read, scheme=_SAME.get(read.scheme, read.scheme))
    if read.scheme not in SCHEMES:
        known = ", ".join(f"{name}://" for name in SCHEMES)
        raise UrlError(f"one of {known}", f"{read.scheme}://")
    if read.scheme == "unix":
        if read.hosts or not read.path:
            raise UrlError("the absolute path of a socket after unix://", "none")
        return RedisServer(read, _database(read.options.get("db", "")))
    if not read.host:
        raise UrlError("a host in it", "none")
    segments = [segment for segment in read.path.split("/") if segment]
    service = ""
    if read.scheme.endswith("+sentinel"):
        if not segments:
            raise UrlError("the service's name after the Sentinels, as in …/service/0", "none")
        service = segments.pop(0)
    elif len(read.hosts) > 1:
        raise UrlError("one host, or redis+sentinel:// for several", "several hosts")
    if len(segments) > 1:
        raise UrlError("a database's number after the host", "more")
    return RedisServer(read, _database(read.options.get("db") or "".join(segments)), service)


def _database(text: str) -> int:
    if text and not text.isdecimal():
        raise UrlError("a number as the database", "other letters")
    return int(text or 0)
