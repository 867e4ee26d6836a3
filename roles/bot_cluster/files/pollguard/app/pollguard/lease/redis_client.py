"""Clients for the Redis that a RedisAddress describes."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from redis.asyncio import Connection, ConnectionPool, Redis, Sentinel, SSLConnection
from redis.asyncio import SentinelManagedSSLConnection as SentinelSSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from ..errors import RedisUrlError
from .redis_url import RedisAddress

_SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
)
_OWN_BUNDLE = Path(__file__).resolve().parents[3] / "etc/ssl/certs/ca-certificates.crt"


def ca_bundle(options: Mapping[str, str]) -> str | None:
    """The CA bundle to trust: the URL's, the environment's, the image's, else the one the guard brings."""
    if named := options.get("ssl_ca_certs") or os.environ.get("SSL_CERT_FILE"):
        return named
    return next((str(p) for p in (*_SYSTEM_BUNDLES, _OWN_BUNDLE) if Path(p).is_file()), None)


def tls_context(options: Mapping[str, str]) -> ssl.SSLContext:
    """What the URL's options ask of TLS; raises RedisUrlError when a file named there is no good."""
    try:
        context = ssl.create_default_context(cafile=ca_bundle(options))
        verify = options.get("ssl_cert_reqs") != "none"
        context.check_hostname = verify and options.get("ssl_check_hostname", "true").lower() == "true"
        context.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
        if certificate := options.get("ssl_certfile"):
            context.load_cert_chain(certificate, options.get("ssl_keyfile"))
    except OSError as error:
        raise RedisUrlError(f"POLLGUARD_REDIS_URL can't be used: certificates: {error}") from None
    return context


class Connector:
    """Makes clients that never retry by themselves and give up after `timeout` seconds: the guard decides."""

    def __init__(self, address: RedisAddress, timeout: float) -> None:
        self._address = address
        self._timeout = timeout
        # Loading the CA bundle takes longer than a renewal may: once is enough.
        self._tls = tls_context(address.options) if address.tls else None
        self._login: dict[str, Any] = {
            "username": address.username,
            "password": address.password,
            "db": address.database,
            "decode_responses": True,
        }

    def client(self) -> Redis:
        """A client with connections of its own, none of them open yet."""
        address, common = self._address, self._common(self._timeout)
        if address.path:
            return Redis(unix_socket_path=address.path, **self._login, **common)
        if address.service:
            return self._by_sentinel(common)
        host, port = address.hosts[0]
        return _client(host, port, self._connection(SSLConnection), self._login | common)

    def _by_sentinel(self, common: dict[str, Any]) -> Redis:
        address = self._address
        # One dead Sentinel must leave time to ask the next within the same request.
        asked = self._common(self._timeout / (len(address.hosts) + 1)) | {
            "username": address.options.get("sentinel_username"),
            "password": address.options.get("sentinel_password"),
            "decode_responses": True,
        }
        sentinel = Sentinel([], **self._login, **common)  # type: ignore[no-untyped-call]
        kind = self._connection(SSLConnection)
        sentinel.sentinels = [_client(host, port, kind, asked) for host, port in address.hosts]
        managed: dict[str, Any] = (
            {"connection_class": self._connection(SentinelSSLConnection)} if address.tls else {}
        )
        master: Redis = sentinel.master_for(address.service, redis_class=Redis, **managed)
        return master

    def _common(self, timeout: float) -> dict[str, Any]:
        return {
            "socket_timeout": timeout,
            "socket_connect_timeout": timeout,
            "retry": Retry(NoBackoff(), 0),
            "protocol": 2,
            # A Redis user may lack CLIENT, and it costs round trips while the lease runs out.
            "driver_info": None,
        }

    def _connection(self, kind: type[SSLConnection]) -> type[Connection]:
        context = self._tls
        if context is None:
            return Connection

        class SharedContext(kind):  # type: ignore[valid-type, misc]
            def __init__(self, **settings: Any) -> None:
                super().__init__(**settings)
                self.ssl_context.context = context

        return SharedContext


def _client(host: str, port: int, kind: type[Connection], settings: dict[str, Any]) -> Redis:
    pool: ConnectionPool = ConnectionPool(connection_class=kind, host=host, port=port, **settings)
    client = Redis(connection_pool=pool)
    client.auto_close_connection_pool = True
    return client
