# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the Bot API is reached from a host on which nothing is installed yet.

Private to this collection. It needs nothing but Python there, also for a proxy; see tunnel.py.
"""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import time
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.request import OpenerDirector, UnknownHandler

from ansible.module_utils.urls import make_context

from .._core.bot_token import BotToken
from .._core.connection_url import UrlError
from .._core.proxy_url import Proxy, proxy_for, proxy_of
from .client import DEFAULT_API_URL, BotApi, BotApiError, HttpAnswer, bad_option
from .tunnel import ProxyError, handlers

if TYPE_CHECKING:
    from collections.abc import Callable

# The answers that are read here have a few hundred bytes; a captive portal's page may have more.
_MOST_BYTES = 1 << 20


def argument_spec() -> dict[str, dict[str, Any]]:
    """The options that connect() reads; documented in doc_fragments/bot_api.py."""
    return {
        "token": {"type": "str", "required": True, "no_log": True},
        "api_url": {"type": "str", "default": DEFAULT_API_URL},
        "proxy": {"type": "str", "default": "", "no_log": True},
        "timeout": {"type": "int", "default": 10},
        "retries": {"type": "int", "default": 2},
        "max_wait": {"type": "int", "default": 60},
        "validate_certs": {"type": "bool", "default": True},
        "ca_path": {"type": "path"},
    }


def connect(params: dict[str, Any]) -> BotApi:
    """Return the Bot API as a module's options describe it; raise BotApiError when they can't be right."""
    for name, least in (("timeout", 1), ("retries", 0), ("max_wait", 0)):
        if params[name] < least:
            raise bad_option(name, f"{least} or more", str(params[name]))
    try:
        token = BotToken(params["token"])
    except ValueError as error:
        expected = "<number>:<secret>, as @BotFather gives it"
        raise BotApiError("malformed", str(error), expected=expected) from None
    return BotApi(
        token,
        transport=urls_transport(
            timeout=params["timeout"],
            validate_certs=params["validate_certs"],
            ca_path=params["ca_path"],
            proxy=params["proxy"],
        ),
        api_url=params["api_url"],
        retries=params["retries"],
        max_wait=params["max_wait"],
    )


def urls_transport(
    *, timeout: float, validate_certs: bool = True, ca_path: str | None = None, proxy: str = ""
) -> Callable[[str], HttpAnswer]:
    """Return the function that gets a URL.

    Args:
        timeout: seconds until the server must have connected, and again for the whole body.
        validate_certs: False accepts any certificate.
        ca_path: a PEM file with CA certificates to use in place of the host's.
        proxy: URL of a proxy, as telegram_proxy; empty for that of the host's environment, if there is one.
    """
    try:
        context = make_context(cafile=ca_path, validate_certs=validate_certs)
    except OSError as error:
        raise bad_option("ca_path", "a file with CA certificates", f"{ca_path}: {_words(error)}") from None
    try:
        stated = proxy_of(proxy) if proxy else None
    except UrlError as error:
        raise bad_option("proxy", error.expected, error.found) from None

    def get(url: str) -> HttpAnswer:
        used = stated
        try:
            used = stated or proxy_for(url, os.environ)
            with opener(used, context).open(url, timeout=timeout) as response:
                return HttpAnswer(
                    status=response.status,
                    body=_read(response, time.monotonic() + timeout),
                    location=response.headers.get("Location", ""),
                    retry_after=response.headers.get("Retry-After", ""),
                    date=response.headers.get("Date", ""),
                )
        except UrlError as error:
            raise BotApiError("proxy", error.found, expected=error.expected) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            # Without its context: the exception or one of its frames knows the URL, and so the token.
            raise _network_failure(error, used) from None

    return get


def opener(proxy: Proxy | None, context: ssl.SSLContext) -> OpenerDirector:
    """Return what opens URLs through a proxy, or directly, whatever the environment holds.

    An answer of any status is returned, and no redirect followed: the token goes to the named server and to
    nobody whom that server names.
    """
    director = OpenerDirector()
    director.addheaders = [("User-Agent", "aisha.cluster"), ("Accept", "application/json")]
    for handler in (*handlers(proxy, context), UnknownHandler()):
        director.add_handler(handler)
    return director


def _read(response: Any, deadline: float) -> bytes:
    """The body; a server that trickles is given up at the deadline (monotonic clock, s)."""
    body = b""
    while len(body) < _MOST_BYTES:
        chunk = response.read1(65536)
        if not chunk:
            if response.length:
                raise http.client.IncompleteRead(body, response.length)
            break
        body += chunk
        if time.monotonic() > deadline:
            raise TimeoutError
    return body


def _network_failure(error: Exception, proxy: Proxy | None) -> BotApiError:
    cause: object = error
    while isinstance(cause, URLError):
        cause = cause.reason
    reason, found = _described(cause)
    return BotApiError(reason, f"{found}, through the proxy {proxy.address}" if proxy else found)


def _described(cause: object) -> tuple[str, str]:
    """The reason, and what was found."""
    # Before Python 3.10 socket.timeout was another class than TimeoutError.
    if isinstance(cause, (TimeoutError, socket.timeout)):
        return "timeout", "no answer in time"
    if isinstance(cause, socket.gaierror):
        return "dns", f"a name that can't be resolved ({_words(cause)})"
    if isinstance(cause, ssl.SSLCertVerificationError):
        return "tls", f"a certificate that isn't accepted ({cause.verify_message})"
    if isinstance(cause, ssl.SSLError):
        return "tls", f"no TLS ({_words(cause)})"
    if isinstance(cause, ProxyError):
        return "proxy", str(cause)
    if "Tunnel connection failed" in str(cause):
        return "proxy", f"a proxy that refuses ({_words(cause)})"
    if isinstance(cause, OSError):
        return "unreachable", f"no connection ({_words(cause)})"
    if isinstance(cause, http.client.IncompleteRead):
        return "unreachable", "an answer that was cut off"
    return "not_bot_api", f"something that isn't HTTP ({type(cause).__name__})"


def _words(error: object) -> str:
    """What an exception says, without numbers and class names where it has words of its own."""
    words = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
    return str(words) or type(error).__name__
