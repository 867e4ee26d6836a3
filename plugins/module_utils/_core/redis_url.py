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
# Of them, files of the application's image, which no other has; and what TLS is without the first.
_AUTHORITY, _CLIENT_KEYS = "ssl_ca_certs", ("ssl_certfile", "ssl_keyfile")
_NO = ("false", "f", "no", "n", "0")
_UNVERIFIED = {"ssl_cert_reqs": "none", "ssl_check_hostname": "false"}
_SENTINEL_OPTIONS = ("sentinel_username", "sentinel_password")


@dataclass(frozen=True)
class RedisServer:
    """A Redis, or the Sentinels that know where it is.

    Args:
        url: with its scheme as one of SCHEMES, and user and password where they belong, also when they were
            written behind the question mark.
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

    @property
    def verifies(self) -> bool:
        """Whether a client without the application's files can verify the server."""
        options = self.url.options
        return not options.get(_AUTHORITY) and options.get("ssl_cert_reqs") != "none"

    @property
    def checks_hostname(self) -> bool:
        """Whether the server's certificate has to be of its name."""
        return self.url.options.get("ssl_check_hostname") != "false"

    @property
    def unprobed(self) -> str:
        """Why only the application can reach it; empty where others can."""
        if self.url.scheme == "unix":
            return "a socket, which is reached from its own host alone"
        if self.tls and any(self.url.options.get(name) for name in _CLIENT_KEYS):
            return "a client certificate, which the application's image alone has"
        return ""

    def for_probe(self, database: int | None = None) -> str:
        """Return the URL for a client without the application's files; empty where only that can reach it.

        Without the authority's certificate TLS is still required, and the server isn't verified.
        """
        if self.unprobed:
            return ""
        options = {name: value for name, value in self.url.options.items() if name != _AUTHORITY}
        unverified = {} if self.verifies else _UNVERIFIED
        return replace(self, url=replace(self.url, options=options | unverified)).as_url(database)

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
    options = dict(read.options)
    user, password = options.pop("username", ""), options.pop("password", "")
    if "ssl_cert_reqs" in options:
        # Celery writes CERT_NONE; of a client, "optional" is the same as "required".
        is_none = options["ssl_cert_reqs"].lower().removeprefix("cert_") == "none"
        options["ssl_cert_reqs"] = "none" if is_none else "required"
    if options.get("ssl_check_hostname"):
        options["ssl_check_hostname"] = "false" if options["ssl_check_hostname"].lower() in _NO else "true"
    read = replace(
        read,
        scheme=_SAME.get(read.scheme, read.scheme),
        user=read.user or user,
        password=read.password or password,
        options=options,
    )
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
