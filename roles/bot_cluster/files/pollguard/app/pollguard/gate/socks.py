"""Connections to the Bot API through a SOCKS proxy."""

from __future__ import annotations

from typing import Any

from aiohttp_socks import ProxyConnectionError, ProxyConnector, ProxyError, ProxyTimeoutError, ProxyType

from ..proxy import Proxy

FAILURES: tuple[type[Exception], ...] = (ProxyConnectionError, ProxyError, ProxyTimeoutError)
"""What a request may raise beside aiohttp's own errors; none has the login."""


def connector(proxy: Proxy, **options: Any) -> ProxyConnector:
    """aiohttp's connector with these options, through `proxy`."""
    return ProxyConnector(
        proxy.host,
        proxy.port,
        ProxyType.SOCKS5,
        proxy.user or None,
        proxy.password or None,
        rdns=proxy.resolves,
        **options,
    )
