# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Until when certificates are valid, of which only the standard library need know something.

Private to this collection.
"""

from __future__ import annotations

import socket
import ssl
from datetime import datetime, timezone

_SEQUENCE = 0x30
_VERSION = 0xA0
_UTC_TIME = 0x17
_GENERALIZED_TIME = 0x18


def not_after(certificate: bytes) -> datetime:
    """Return until when a certificate (DER) is valid; raise ValueError for what is none.

    X.509: Certificate { TBSCertificate { [0] version, serial, algorithm, issuer, Validity {from, to} … } … }.
    """
    try:
        body = _value(_value(certificate, _SEQUENCE)[0], _SEQUENCE)[0]
        if body[0] == _VERSION:
            body = _value(body)[1]
        for _skipped in ("serial", "algorithm", "issuer"):
            body = _value(body)[1]
        validity = _value(body, _SEQUENCE)[0]
        to = _value(validity)[1]
        text = _value(to)[0].decode("ascii")
        if to[0] == _UTC_TIME:
            # By RFC 5280, years below 50 are of this century.
            text = ("20" if int(text[:2]) < 50 else "19") + text
        elif to[0] != _GENERALIZED_TIME:
            raise ValueError
        return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=timezone.utc)  # noqa: UP017
    except (ValueError, IndexError):
        raise ValueError("expected a certificate, found something else") from None


def not_after_pem(text: str) -> datetime:
    """The same of the first certificate in a file, which is the server's own."""
    begin, end = text.find(ssl.PEM_HEADER), text.find(ssl.PEM_FOOTER)
    if begin < 0 or end < begin:
        raise ValueError("expected a certificate (PEM), found none")
    return not_after(ssl.PEM_cert_to_DER_cert(text[begin : end + len(ssl.PEM_FOOTER)]))


def served(host: str, port: int, name: str, timeout: float) -> bytes:
    """Return the certificate that a server shows to who asks for a name; raise OSError when it shows none."""
    context = ssl.create_default_context()
    # It is looked at, and trusted with nothing.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection((host, port), timeout=timeout) as connection,
        context.wrap_socket(connection, server_hostname=name or None) as secured,
    ):
        certificate = secured.getpeercert(binary_form=True)
    if certificate is None:
        raise OSError("no certificate")
    return certificate


def _value(data: bytes, tag: int | None = None) -> tuple[bytes, bytes]:
    """Return the content of the first element, and what comes after it."""
    if tag is not None and data[0] != tag:
        raise ValueError
    length, start = data[1], 2
    if length & 0x80:
        start = 2 + (length & 0x7F)
        length = int.from_bytes(data[2:start], "big")
    if start + length > len(data):
        raise ValueError
    return data[start : start + length], data[start + length :]
