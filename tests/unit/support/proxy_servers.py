"""Proxies on loopback ports: HTTP (also over TLS) and SOCKS 5, with or without a login."""

from __future__ import annotations

import base64
import contextlib
import datetime
import ipaddress
import select
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

API_HOST = "bot-api.invalid"
"""A name that no resolver knows, so that only a proxy leads there."""
LOGIN = ("proxy-user", "p@ss:w/ord#%")
ENCODED = "proxy-user:p%40ss%3Aw%2Ford%23%25"
"""LOGIN as it stands in a URL."""
SECRETS = (LOGIN[1], ENCODED.partition(":")[2], base64.b64encode(":".join(LOGIN).encode()).decode())
"""How the password might appear in an output."""


@dataclass
class ProxyServer:
    """What a proxy does, and what it was asked for."""

    kind: str
    """http, https or socks5."""
    login: tuple[str, str] | None = None
    certificate: Path | None = None
    names: dict[str, int] = field(default_factory=dict)
    """Ports of this machine by the names that the proxy alone resolves."""
    refuses: bool = False
    """Each connection to a target is refused, with 403 or as SOCKS does it."""
    silent: bool = False
    """Connections are accepted, and nothing else happens."""
    port: int = 0
    targets: list[str] = field(default_factory=list)
    """host:port of each connection that was made, with the method before it where it was HTTP."""

    def url(self, scheme: str = "", login: str = "") -> str:
        """Its address under one of its schemes."""
        return f"{scheme or self.kind}://{login}{'@' if login else ''}127.0.0.1:{self.port}"

    def connect(self, name: str, port: int) -> socket.socket:
        """A connection to a target; only this machine's are."""
        if name in self.names:
            name, port = "127.0.0.1", self.names[name]
        if name not in ("127.0.0.1", "::1", "localhost"):
            raise OSError("outside of this machine")
        return socket.create_connection((name, port), 5)


@contextlib.contextmanager
def serving(proxy: ProxyServer) -> Iterator[ProxyServer]:
    """It at work."""
    over = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            client = self.request
            with contextlib.suppress(OSError, EOFError):
                if proxy.silent:
                    over.wait(30)
                    return
                if proxy.certificate is not None:
                    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                    context.load_cert_chain(proxy.certificate)
                    client = context.wrap_socket(client, server_side=True)
                target = (_socks if proxy.kind == "socks5" else _http)(proxy, client)
                if target is not None:
                    with target:
                        _relay(client, target, over)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        proxy.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield proxy
        finally:
            over.set()
            server.shutdown()
            thread.join()


def _http(proxy: ProxyServer, client: socket.socket) -> socket.socket | None:
    head = b""
    while b"\r\n\r\n" not in head:
        head += _some(client)
    first, *lines = head.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    rest = head.partition(b"\r\n\r\n")[2]
    method, target, version = first.split(" ")
    headers = [line.partition(":") for line in lines]
    given = [value.strip() for name, _colon, value in headers if name.lower() == "proxy-authorization"]
    if proxy.login and given != ["Basic " + base64.b64encode(":".join(proxy.login).encode()).decode()]:
        client.sendall(
            b"HTTP/1.1 407 Proxy Authentication Required\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        )
        return None
    address = target if method == "CONNECT" else target.partition("://")[2].partition("/")[0]
    host, _colon, port = address.rpartition(":") if ":" in address else (address, "", "80")
    proxy.targets.append(f"{method} {host}:{port}")
    if proxy.refuses:
        client.sendall(_refusal("403 Forbidden"))
        return None
    made = proxy.connect(host, int(port))
    if method == "CONNECT":
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        return made
    path = "/" + target.partition("://")[2].partition("/")[2]
    kept = [f"{n}:{v}" for n, _c, v in headers if n.lower() not in ("proxy-authorization", "connection")]
    lines = [f"{method} {path} {version}", *kept, "Connection: close", "", ""]
    made.sendall("\r\n".join(lines).encode() + rest)
    return made


def _refusal(status: str) -> bytes:
    return f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode()


def _socks(proxy: ProxyServer, client: socket.socket) -> socket.socket | None:
    version, count = _exactly(client, 2)
    if version != 5:
        return None
    methods = _exactly(client, count)
    wanted = 2 if proxy.login else 0
    client.sendall(bytes([5, wanted if wanted in methods else 255]))
    if wanted not in methods:
        return None
    if proxy.login:
        _exactly(client, 1)
        given = tuple(_exactly(client, _exactly(client, 1)[0]).decode() for _part in range(2))
        client.sendall(bytes([1, given != proxy.login]))
        if given != proxy.login:
            return None
    kind = _exactly(client, 4)[3]
    if kind == 3:
        host = _exactly(client, _exactly(client, 1)[0]).decode()
    else:
        host = str(ipaddress.ip_address(_exactly(client, 4 if kind == 1 else 16)))
    port = int.from_bytes(_exactly(client, 2), "big")
    proxy.targets.append(f"{host}:{port}")
    code, made = 0, None
    if proxy.refuses:
        code = 2
    else:
        try:
            made = proxy.connect(host, port)
        except OSError:
            code = 5
    client.sendall(bytes([5, code, 0, 1, 127, 0, 0, 1, 0, 0]))
    return made


def _some(sock: socket.socket) -> bytes:
    data = sock.recv(65536)
    if not data:
        raise EOFError
    return data


def _exactly(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = sock.recv(size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def _relay(one: socket.socket, other: socket.socket, over: threading.Event) -> None:
    while not over.is_set():
        pending = isinstance(one, ssl.SSLSocket) and one.pending()
        ready = [one] if pending else select.select([one, other], [], [], 0.05)[0]
        for source in ready:
            data = source.recv(65536)
            if not data:
                return
            (other if source is one else one).sendall(data)


def make_certificate(path: Path) -> Path:
    """Key and self-signed certificate of 127.0.0.1 and API_HOST in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    subjects = x509.SubjectAlternativeName(
        [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName(API_HOST)]
    )
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(subjects, False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + built.public_bytes(serialization.Encoding.PEM)
    )
    return path
