# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people are told of a change of the cluster, and how it is sent to them.

Private to this collection.
"""

from __future__ import annotations

import json
import os
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.error import URLError
from urllib.request import Request

from ansible.module_utils.urls import make_context

from .._core.bot_token import BotToken, redact_any_token
from .._core.connection_url import UrlError
from .._core.proxy_url import Proxy, proxy_for, proxy_of
from .._telegram.transport import opener
from .._telegram.tunnel import ProxyError

_MOST_BYTES = 4096
# Telegram takes 4096 characters.
_LONGEST_TEXT = 3500


class NotSentError(Exception):
    """A notification wasn't taken; the text says why, without the address."""


def text_of(cluster_name: str, entry: dict[str, Any]) -> str:
    """One or two lines about an entry of the log."""
    change = f"{cluster_name}: {entry.get('what', 'change')} by {entry.get('who', 'somebody')}"
    if entry.get("event") != "finished":
        release = f", on release {entry['release_from']}" if entry.get("release_from") else ""
        return f"{change} has begun{release}"
    told = f"{change}: {entry.get('outcome', 'finished')}"
    if entry.get("seconds") is not None:
        told += f" after {_spoken(entry['seconds'])}"
    before, after = entry.get("release_from"), entry.get("release_to")
    if after is not None:
        told += f", release {after}" if before in (None, after) else f", release {before} → {after}"
    if entry.get("failure"):
        told += f"\n{entry['failure']}"
    return told[:_LONGEST_TEXT]


def _spoken(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"


def send_to_chat(api_url: str, token: str, chat: str, text: str, timeout: float, proxy: str = "") -> None:
    """Have the bot say it in a chat; raise NotSentError.

    Args:
        api_url: base address of the Bot API.
        token: the bot's.
        chat: its number or name.
        text: what is said.
        timeout: seconds.
        proxy: URL of the Bot API's proxy, as telegram_proxy; empty for the environment's.
    """
    try:
        bot = BotToken(token)
    except ValueError as error:
        raise NotSentError(f"expected the token of a bot, found {error}") from None
    message = {"chat_id": chat, "text": text, "disable_web_page_preview": True}
    try:
        stated = proxy_of(proxy) if proxy else None
        _post(f"{api_url.rstrip('/')}/bot{bot.value}/sendMessage", message, timeout, quote=True, proxy=stated)
    except UrlError as error:
        raise NotSentError(f"proxy: {error}") from None
    except NotSentError as error:
        raise NotSentError(str(bot.redact(str(error)))) from None


def send_to_url(url: str, cluster_name: str, entry: dict[str, Any], text: str, timeout: float) -> None:
    """Post the entry to an address; raise NotSentError."""
    _post(url, {"cluster": cluster_name, "text": text, **entry}, timeout)


def _post(
    url: str, body: dict[str, Any], timeout: float, *, quote: bool = False, proxy: Proxy | None = None
) -> None:
    # The address is a secret, and goes to nobody whom the server may name.
    headers = {"Content-Type": "application/json"}
    try:
        used = proxy or proxy_for(url, os.environ)
        request = Request(url, json.dumps(body).encode(), headers, method="POST")  # noqa: S310 - as opener() opens
        with opener(used, make_context()).open(request, timeout=timeout) as answer:
            if answer.status >= 300:
                # An answer may repeat the address, which only of the Bot API is known how to mask.
                said = redact_any_token(_description(answer)) if quote else ""
                raise NotSentError(f"expected it to be accepted, found {answer.status}{said}")
    except UrlError as error:
        raise NotSentError(str(error)) from None
    except (OSError, HTTPException, ValueError) as error:
        cause = error.reason if isinstance(error, URLError) else error
        own = str(cause) if isinstance(cause, ProxyError) else getattr(cause, "strerror", None)
        raise NotSentError(
            f"expected an answer within {timeout:g} s, found none ({own or type(cause).__name__})"
        ) from None


def _description(answer: HTTPResponse) -> str:
    """What the Bot API says of a refusal."""
    try:
        told = json.loads(answer.read(_MOST_BYTES))
    except (OSError, HTTPException, ValueError):
        return ""
    described = told.get("description") if isinstance(told, dict) else None
    return f" ({described})" if isinstance(described, str) else ""
