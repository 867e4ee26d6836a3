# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connections through proxies, also those that urllib can't use: SOCKS 5 (RFC 1928, 1929), and HTTP over TLS.

Private to this collection. The modules that need it run on hosts before anything is installed there, so no
library can be had. The poll guard, which brings its own, uses aiohttp-socks.
"""

from __future__ import annotations

import http.client
import ipaddress
import select
import socket
import ssl
import threading
from base64 import b64encode
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.request import AbstractHTTPHandler, BaseHandler, HTTPHandler, HTTPSHandler

from .._core.address import host_port

if TYPE_CHECKING:
    from http.client import HTTPResponse
    from urllib.request import Request

    from .._core.proxy_url import Proxy

_CHUNK = 65536
_NO_LOGIN, _LOGIN = 0, 2
_IPV4, _NAME, _IPV6 = 1, 3, 4
_REFUSALS = {
    1: "a general failure",
    2: "not allowed by its rules",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "TTL expired",
}


class ProxyError(OSError):
    """A proxy that was reached refuses; the text says what, and has no part of the login."""


def handlers(proxy: Proxy | None, context: ssl.SSLContext) -> list[BaseHandler]:
    """Return urllib's handlers that open http and https URLs through a proxy, or directly.

    Args:
        proxy: None for a direct connection.
        context: of TLS, to the proxy as well.
    """
    direct: list[BaseHandler] = [HTTPHandler(), HTTPSHandler(context=context)]
    if proxy is None:
        return direct
    if proxy.scheme == "http":
        return [_HttpProxy(proxy), *direct]
    return [_TunnelHandler(proxy, context)]


class _HttpProxy(BaseHandler):
    """Sends requests to a proxy, whatever NO_PROXY holds: that has been looked at."""

    # After the header Host has been made of the URL.
    handler_order = HTTPHandler.handler_order + 1

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy

    def http_request(self, req: Request) -> Request:
        """Set the proxy; urllib has CONNECT made of it where the URL is https."""
        req.set_proxy(self._proxy.address, "http")
        if self._proxy.user:
            req.add_unredirected_header("Proxy-Authorization", _basic(self._proxy))
        return req

    https_request = http_request


class _TunnelHandler(AbstractHTTPHandler):
    """Opens URLs through tunnels."""

    def __init__(self, proxy: Proxy, context: ssl.SSLContext) -> None:
        super().__init__()
        self._proxy = proxy
        self._context = context

    http_request = https_request = AbstractHTTPHandler.do_request_

    def http_open(self, req: Request) -> HTTPResponse:
        """Open an http URL."""
        return self._open_by(_Connection, req)

    def https_open(self, req: Request) -> HTTPResponse:
        """Open an https URL."""
        return self._open_by(_TlsConnection, req)

    def _open_by(self, connection: type[_Connection], req: Request) -> HTTPResponse:
        return self.do_open(partial(connection, proxy=self._proxy, context=self._context), req)


class _Connection(http.client.HTTPConnection):
    def __init__(self, host: str, *, proxy: Proxy, context: ssl.SSLContext, **options: Any) -> None:
        super().__init__(host, **options)
        self._proxy = proxy
        self._context = context

    def connect(self) -> None:
        self.sock = _open(self._proxy, self._context, self.host, self.port, self.timeout)


class _TlsConnection(_Connection):
    default_port = http.client.HTTPS_PORT

    def connect(self) -> None:
        super().connect()
        self.sock = self._context.wrap_socket(self.sock, server_hostname=self.host)


def _open(
    proxy: Proxy, context: ssl.SSLContext, host: str, port: int, timeout: float | None
) -> socket.socket:
    """Return a connection to host and port through a proxy; raise OSError, of a refusal ProxyError."""
    sock = socket.create_connection((proxy.host, proxy.port), timeout)
    try:
        if proxy.scheme != "https":
            _socks(sock, proxy, host, port)
            return sock
        outer = context.wrap_socket(sock, server_hostname=proxy.host)
    except BaseException:
        sock.close()
        raise
    try:
        _connect(outer, proxy, host, port)
    except BaseException:
        outer.close()
        raise
    return _plain(outer, timeout)


def _socks(sock: socket.socket, proxy: Proxy, host: str, port: int) -> None:
    methods = bytes([_NO_LOGIN, _LOGIN] if proxy.user else [_NO_LOGIN])
    sock.sendall(bytes([5, len(methods)]) + methods)
    version, method = _read(sock, 2)
    if version != 5:
        raise ProxyError("something that isn't SOCKS 5")
    if method not in methods:
        raise ProxyError("a proxy that asks for a login" if not proxy.user else "a proxy that takes no login")
    if method == _LOGIN:
        user, password = proxy.user.encode(), proxy.password.encode()
        sock.sendall(bytes([1, len(user)]) + user + bytes([len(password)]) + password)
        if _read(sock, 2)[1] != 0:
            raise ProxyError("a proxy that refuses user and password")
    sock.sendall(b"\x05\x01\x00" + _target(proxy, host, port) + port.to_bytes(2, "big"))
    _version, code, _reserved, kind = _read(sock, 4)
    if code != 0:
        raise ProxyError(f"a proxy that refuses the connection ({_REFUSALS.get(code, f'code {code}')})")
    # Where it is bound to is of no use.
    size = _read(sock, 1)[0] if kind == _NAME else {_IPV4: 4, _IPV6: 16}.get(kind, 0)
    _read(sock, size + 2)


def _target(proxy: Proxy, host: str, port: int) -> bytes:
    if proxy.scheme == "socks5":
        # IPv4 first: it is what proxies reach.
        found = sorted(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM), key=lambda one: one[0])
        host = str(found[0][4][0])
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = host.encode("idna")
        return bytes([_NAME, len(name)]) + name
    return bytes([_IPV4 if address.version == 4 else _IPV6]) + address.packed


def _connect(sock: socket.socket, proxy: Proxy, host: str, port: int) -> None:
    target = host_port(host, port)
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if proxy.user:
        lines.append(f"Proxy-Authorization: {_basic(proxy)}")
    sock.sendall("\r\n".join([*lines, "", ""]).encode())
    response = http.client.HTTPResponse(sock, method="CONNECT")
    response.begin()
    status = response.status
    response.close()
    if status == http.client.PROXY_AUTHENTICATION_REQUIRED:
        what = "refuses user and password" if proxy.user else "asks for a login"
        raise ProxyError(f"a proxy that {what} (407)")
    if not 200 <= status < 300:
        raise ProxyError(f"a proxy that refuses the connection ({status})")


def _basic(proxy: Proxy) -> str:
    return "Basic " + b64encode(f"{proxy.user}:{proxy.password}".encode()).decode()


def _plain(outer: ssl.SSLSocket, timeout: float | None) -> socket.socket:
    """Return a socket for what goes through a TLS connection, as TLS can't be spoken through an SSLSocket."""
    mine, theirs = socket.socketpair()
    mine.settimeout(timeout)
    threading.Thread(target=_pump, args=(outer, theirs), daemon=True).start()
    return mine


def _pump(outer: ssl.SSLSocket, inner: socket.socket) -> None:
    with outer, inner:
        try:
            while True:
                ready = [outer] if outer.pending() else select.select([outer, inner], [], [])[0]
                for source in ready:
                    data = _received(outer) if source is outer else inner.recv(_CHUNK)
                    if data == b"":
                        return
                    (inner if source is outer else outer).sendall(data or b"")
        except OSError:
            return


def _received(outer: ssl.SSLSocket) -> bytes | None:
    """What has arrived; None when it was a record of TLS's own, which must not be waited behind."""
    outer.setblocking(False)
    try:
        return outer.recv(_CHUNK)
    except ssl.SSLWantReadError:
        return None
    finally:
        outer.setblocking(True)


def _read(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = sock.recv(size - len(data))
        if not piece:
            raise ProxyError("a proxy that hangs up")
        data += piece
    return data
