# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks several HTTP services whether they answer, at the same time and each only once.

Private to this collection. Needs nothing but Python, and no certificate has to be valid: until when one is
gets told. No proxy is used, since what is asked is a part of the cluster.
"""

from __future__ import annotations

import http.client
import ssl
import time
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .._core.parallel import run_parallel
from .certificates import not_after

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Endpoint:
    """A service.

    Args:
        name: whose it is, for people.
        url: its address; http or https.
    """

    name: str
    url: str


@dataclass(frozen=True)
class Answer:
    """What came of one question; None is unknown. Documented as RV(endpoints) of endpoint_info."""

    name: str
    url: str
    status: int | None = None
    elapsed_s: float | None = None
    problem: str | None = None
    certificate_days_left: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """What a module returns."""
        return asdict(self)


def ask(endpoint: Endpoint, timeout: float) -> Answer:
    """Ask one service; whatever it answers below 500 is an answer."""
    began = time.monotonic()
    days_left = None
    try:
        address = urlsplit(endpoint.url)
        connection = _connection(address.scheme, address.hostname or "", address.port, timeout)
        try:
            connection.connect()
            if isinstance(connection.sock, ssl.SSLSocket):
                days_left = _days_left(connection.sock.getpeercert(binary_form=True))
            path = (address.path or "/") + (f"?{address.query}" if address.query else "")
            connection.request("GET", path, headers={"User-Agent": "aisha.cluster"})
            answer = connection.getresponse()
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        late = isinstance(error, TimeoutError)
        found = f"no answer within {timeout:g} s" if late else f"{type(error).__name__}: {error}"
        return Answer(endpoint.name, endpoint.url, problem=found, certificate_days_left=days_left)
    return Answer(
        name=endpoint.name,
        url=endpoint.url,
        status=answer.status,
        elapsed_s=round(time.monotonic() - began, 3),
        problem=f"status {answer.status}" if answer.status >= 500 else None,
        certificate_days_left=days_left,
    )


def ask_all(endpoints: Sequence[Endpoint], timeout: float) -> list[Answer]:
    """Ask all at the same time; those that hang cost the timeout in seconds once."""
    questions = {number: partial(ask, endpoint, timeout) for number, endpoint in enumerate(endpoints)}
    # One that sends its answer byte by byte takes longer than any of its parts.
    return [
        answer
        if isinstance(answer, Answer)
        else Answer(
            endpoints[number].name, endpoints[number].url, problem=f"no whole answer within {timeout:g} s"
        )
        for number, answer in run_parallel(questions, timeout + 1).items()
    ]


def _days_left(certificate: bytes | None) -> float | None:
    if certificate is None:
        return None
    left = not_after(certificate) - datetime.now(timezone.utc)  # noqa: UP017 - hosts may have Python 3.10
    return round(left.total_seconds() / 86400, 1)


def _connection(scheme: str, host: str, port: int | None, timeout: float) -> http.client.HTTPConnection:
    if not host or scheme not in ("http", "https"):
        raise ValueError("expected an address that begins with http:// or https://")
    if scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=timeout)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
