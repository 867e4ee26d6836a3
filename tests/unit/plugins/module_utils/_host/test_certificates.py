"""Until when certificates are valid: real ones, made for the occasion."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._host.certificates import (
    not_after,
    not_after_pem,
    served,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Make = Callable[[datetime], Path]
SOON = datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make a self-signed certificate that is valid until a time; returns the file with it and its key."""

    def make(until: datetime) -> Path:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bot.example.com")])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(until - timedelta(days=9999))
            .not_valid_after(until)
            .sign(key, hashes.SHA256())
        )
        path = tmp_path / "both.pem"
        encoding = serialization.Encoding.PEM
        plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        path.write_bytes(key.private_bytes(encoding, *plain) + certificate.public_bytes(encoding))
        return path

    return make


# The form of the time changes in 2050.
@pytest.mark.parametrize(
    "until", [datetime(2020, 2, 29, 1, 2, 3, tzinfo=UTC), SOON, SOON + timedelta(seconds=1)]
)
def test_the_end_is_read_from_a_file(until: datetime, make: Make) -> None:
    assert not_after_pem(make(until).read_text()) == until


@pytest.mark.parametrize(
    "text", ["", "no certificate", "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"]
)
def test_a_file_without_a_certificate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a certificate"):
        not_after_pem(text)


def test_every_cut_is_refused(make: Make) -> None:
    text = make(SOON).read_text()
    der = ssl.PEM_cert_to_DER_cert(text[text.index(ssl.PEM_HEADER) :])
    assert not_after(der) == SOON
    for length in range(0, len(der), 7):
        with pytest.raises(ValueError, match="expected a certificate"):
            not_after(der[:length])


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def test_an_expired_one_is_seen_as_it_is_served(make: Make, server: socket.socket) -> None:
    until = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(make(until))

    def serve() -> None:
        connection, _client = server.accept()
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(1)

    threading.Thread(target=serve, daemon=True).start()
    assert not_after(served("127.0.0.1", server.getsockname()[1], "bot.example.com", 5)) == until


def test_a_server_that_never_answers_costs_its_time(server: socket.socket) -> None:
    with pytest.raises(TimeoutError):
        served("127.0.0.1", server.getsockname()[1], "", 0.2)
