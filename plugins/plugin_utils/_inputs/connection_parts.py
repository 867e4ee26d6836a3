# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service's connection URL, given whole or in parts. Private to this collection. No I/O here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...module_utils._core.connection_url import LAST_PORT, ConnectionUrl
from .values import UnfitValue, environment_strings

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_HOST = re.compile(r"[A-Za-z0-9_.-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")


class ConnectionInputError(ValueError):
    """Inputs that make no connection URL; the message begins with an input's name, and has no value."""


def connection_url(prefix: str, url: str, parts: Mapping[str, Any]) -> str:
    """Return a service's URL as it is given, or as its parts make it: percent-encoded where needed.

    Args:
        prefix: what the inputs' names begin with, such as "database".
        url: empty where parts are given.
        parts: scheme, host, port, user, password, options, and the path, which is "name" or the number
            "database". What is empty or 0 isn't given, and a scheme alone gives nothing.

    Raises:
        ConnectionInputError: for both, for parts without a host, and for a part that none can be.
    """
    given = [
        f"{prefix}_{part}"
        for part, value in parts.items()
        if part != "scheme" and value and str(value).strip() != "0"
    ]
    if url and given:
        raise ConnectionInputError(
            f"{prefix}_url: expected either it or parts of it, found it beside {', '.join(given)}"
        )
    if url or not given:
        return url
    try:
        options = environment_strings(parts.get("options") or {})
    except UnfitValue as error:
        raise ConnectionInputError(f"{prefix}_options: {error}") from error
    path = str(parts.get("name") or "")
    if "database" in parts:
        path = str(_number(f"{prefix}_database", parts["database"]))
    return str(
        ConnectionUrl(
            _fitting(_SCHEME, f"{prefix}_scheme", "what stands before ://", parts["scheme"]).lower(),
            str(parts.get("user") or ""),
            str(parts.get("password") or ""),
            ((_host(prefix, parts, given), _number(f"{prefix}_port", parts.get("port"), LAST_PORT) or None),),
            path,
            options,
        )
    )


def _host(prefix: str, parts: Mapping[str, Any], given: list[str]) -> str:
    host = str(parts.get("host") or "").removeprefix("[").removesuffix("]")
    if not host:
        raise ConnectionInputError(
            f"{prefix}_host: expected a host's name or address beside {', '.join(given)}, found none"
        )
    return _fitting(_HOST, f"{prefix}_host", "one host's name or address", host)


def _fitting(pattern: re.Pattern[str], name: str, expected: str, value: Any) -> str:
    if not pattern.fullmatch(str(value)):
        raise ConnectionInputError(f"{name}: expected {expected}, found something else")
    return str(value)


def _number(name: str, value: Any, highest: int | None = None) -> int:
    text = str(value or 0).strip()
    if not text.isdecimal() or int(text) > (highest or int(text)):
        limit = f" from 0 to {highest}" if highest else ""
        raise ConnectionInputError(f"{name}: expected a number{limit}, found something else")
    return int(text)
