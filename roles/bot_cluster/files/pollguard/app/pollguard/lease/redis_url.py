"""POLLGUARD_REDIS_URL: what it may look like, and the client that it describes.

    redis://[[user]:password@]host[:6379][/db]
    rediss://…                                     the same over TLS
    unix://[[user]:password@]/path/to/socket[?db=2]
    redis+sentinel://[[user]:password@]host[:26379],host2[:26379]/service[/db]
    rediss+sentinel://…                            TLS to Sentinel and to Redis

Options after `?`: `db`; with TLS `ssl_ca_certs`, `ssl_certfile`, `ssl_keyfile`, `ssl_cert_reqs`
(`required`, `none`) and `ssl_check_hostname`; with Sentinel `sentinel_username` and `sentinel_password`.
User and password are percent-encoded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from ..address import host_port
from ..errors import RedisUrlError

_TLS_OPTIONS = {"ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname"}
_SENTINEL_OPTIONS = {"sentinel_username", "sentinel_password"}
_SCHEMES = ("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel")


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """Where the lease lives; secrets don't show in its repr."""

    hosts: tuple[tuple[str, int], ...]
    path: str = ""
    service: str = ""
    database: int = 0
    tls: bool = False
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    options: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be logged."""
        return tuple(s for s in (self.password, self.options.get("sentinel_password")) if s)

    def __str__(self) -> str:
        """The address without user or password."""
        scheme = ("rediss" if self.tls else "redis") + ("+sentinel" if self.service else "")
        if self.path:
            return f"unix://{self.path} db {self.database}"
        hosts = ",".join(host_port(host, port) for host, port in self.hosts)
        return f"{scheme}://{hosts}/{self.service + '/' if self.service else ''}{self.database}"


def parse_redis_url(url: str) -> RedisAddress:
    """Strictly parse `url`; raises RedisUrlError, whose message never quotes user, password or query."""
    try:
        parts = urlsplit(url.strip())
    except ValueError as error:
        raise _wrong(str(error).partition(":")[0]) from None
    if parts.scheme not in _SCHEMES:
        raise _wrong(f"the scheme must be one of {', '.join(_SCHEMES)}")
    sentinel = parts.scheme.endswith("+sentinel")
    tls = parts.scheme.startswith("rediss")
    options = _options(parts, tls=tls, sentinel=sentinel)
    username, password, hostlist = _userinfo(parts.netloc)
    path = service = ""
    hosts: tuple[tuple[str, int], ...] = ()
    segments = [unquote(s) for s in parts.path.split("/") if s]
    if parts.scheme == "unix":
        path = unquote(parts.path)
        if not path.startswith("/") or hostlist:
            raise _wrong("unix:// needs an absolute path (unix:///run/redis.sock)")
        segments = []
    else:
        hosts = tuple(_host(h, 26379 if sentinel else 6379) for h in hostlist.split(","))
        if len(hosts) > 1 and not sentinel:
            raise _wrong("several hosts need redis+sentinel://")
        if sentinel:
            if not segments:
                raise _wrong("Sentinel needs the service's name: redis+sentinel://host:26379/service")
            service = segments.pop(0)
    if len(segments) > 1:
        raise _wrong("the path has too many parts")
    database = options.pop("db", None) or (segments[0] if segments else "0")
    if not database.isdecimal() or int(database) > 65535:
        raise _wrong("the database must be a number")
    return RedisAddress(hosts, path, service, int(database), tls, username, password, options)


def _wrong(what: str) -> RedisUrlError:
    return RedisUrlError(f"POLLGUARD_REDIS_URL can't be used: {what}")


def _userinfo(netloc: str) -> tuple[str | None, str | None, str]:
    userinfo, at, hostlist = netloc.rpartition("@")
    if not at:
        return None, None, hostlist
    user, _colon, password = userinfo.partition(":")
    return unquote(user) or None, unquote(password) or None, hostlist


def _host(text: str, default_port: int) -> tuple[str, int]:
    host, port = text, ""
    if text.startswith("["):
        host, _bracket, rest = text[1:].partition("]")
        port = rest.removeprefix(":")
    elif ":" in text:
        host, _colon, port = text.rpartition(":")
    if not host or (":" in host and not text.startswith("[")):
        raise _wrong("the host is missing or malformed")
    if port and not (port.isdecimal() and 0 < int(port) < 65536):
        raise _wrong("the port must be a number from 1 to 65535")
    return unquote(host), int(port or default_port)


def _options(parts: SplitResult, *, tls: bool, sentinel: bool) -> dict[str, str]:
    known = {"db"} | (_TLS_OPTIONS if tls else set()) | (_SENTINEL_OPTIONS if sentinel else set())
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := sorted(set(options) - known):
        raise _wrong(f"unknown option {unknown[0]!r}, expected one of {', '.join(sorted(known))}")
    if options.get("ssl_cert_reqs", "required") not in ("required", "none"):
        raise _wrong("ssl_cert_reqs must be required or none")
    if options.get("ssl_check_hostname", "true").lower() not in ("true", "false"):
        raise _wrong("ssl_check_hostname must be true or false")
    for name in ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile"):
        if name in options and not Path(options[name]).is_file():
            raise _wrong(f"{name}: no file {options[name]!r}")
    return options
