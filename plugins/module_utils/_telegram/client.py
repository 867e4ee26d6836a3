# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A reading client of Telegram's Bot API, which never calls getUpdates.

Private to this collection. What goes over the wire is the business of a transport (_bot_http.py);
here an answer becomes a result or one BotApiError.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._core.bot_token import BotToken

DEFAULT_API_URL = "https://api.telegram.org"

_TO_BOTFATHER = "Take the current one from @BotFather (/mybots, API Token) and update telegram_bot_token."
_WAIT = "Nothing needs to be changed; try again later, or raise retries and max_wait."
_CHECK_PATH = "Check from this host the way to that address (routes, firewall, proxy) and api_url."

# What to do about each reason, in the order in which the reasons are documented.
ADVICE = {
    "malformed": _TO_BOTFATHER,
    "revoked": f"The token was revoked, or never was one. {_TO_BOTFATHER}",
    "not_found": f"No bot is known by this token, or api_url leads elsewhere. {_TO_BOTFATHER}",
    "logged_out": "The bot was moved to a Bot API server of its own; set api_url to that server.",
    "wrong_bot": "Use the token of the expected bot, or correct expected_username.",
    "not_a_bot": "Use the token that @BotFather gave for the bot.",
    "rate_limited": _WAIT,
    "server_error": f"The Bot API, or what stands before it, is in trouble. {_WAIT}",
    "timeout": _CHECK_PATH,
    "unreachable": _CHECK_PATH,
    "dns": "Check the name in api_url and this host's DNS resolver.",
    "tls": "Check this host's clock and CA certificates (ca_path), and for a proxy that re-signs TLS.",
    "proxy": "Check telegram_proxy, or this host's proxy variables (https_proxy, all_proxy, no_proxy).",
    "not_bot_api": "Something else answers there: a captive portal, a proxy, or a wrong api_url.",
    "bad_option": "Correct it.",
    "refused": "This should not happen; report it with this message.",
}

# What may pass without anybody's doing, so that trying again makes sense.
TEMPORARY = frozenset({"rate_limited", "server_error", "timeout", "unreachable", "dns"})

# Characters of a foreign text that are repeated in a message.
_LONGEST = 250


class BotApiError(Exception):
    """Anything that keeps the Bot API from giving a usable answer.

    Args:
        reason: a key of ADVICE.
        found: what was found, as the end of a sentence; free of secrets.
        expected: what was expected, likewise.
        status: the answer's HTTP status, where there was an answer.
        description: Telegram's own words, where there were any.
        retry_after: seconds that the server asked to wait.
    """

    def __init__(
        self,
        reason: str,
        found: str,
        *,
        expected: str = "an answer of the Bot API",
        status: int | None = None,
        description: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.found = found
        self.expected = expected
        self.status = status
        self.description = description
        self.retry_after = retry_after
        self.subject = "Telegram bot token"
        self.method: str | None = None
        self.attempts = 0

    @property
    def temporary(self) -> bool:
        """Whether the same call may succeed later without any change."""
        return self.reason in TEMPORARY

    def __str__(self) -> str:
        tries = f" ({self.attempts} attempts)" if self.attempts > 1 else ""
        return f"{self.subject}: expected {self.expected}, found {self.found}{tries}. {ADVICE[self.reason]}"

    def as_failure(self) -> dict[str, Any]:
        """The same for programs to read; documented in the doc fragment of the same name."""
        return {
            "reason": self.reason,
            "temporary": self.temporary,
            "expected": self.expected,
            "found": self.found,
            "advice": ADVICE[self.reason],
            "method": self.method,
            "status": self.status,
            "description": self.description,
            "retry_after": self.retry_after,
            "attempts": self.attempts,
        }


@dataclass(frozen=True)
class HttpAnswer:
    """What a transport brings back, whatever the status."""

    status: int
    body: bytes
    location: str = ""
    retry_after: str = ""
    date: str = ""


def bad_option(name: str, expected: str, found: str) -> BotApiError:
    """An option with a value that can't be used."""
    error = BotApiError("bad_option", found, expected=expected)
    error.subject = f"Option {name}"
    return error


def check_api_url(api_url: str) -> str:
    """Return the address without a slash at its end; raise BotApiError when it can't be one."""
    try:
        parts = urlsplit(api_url)
        # Reading the port checks it. The address is shown in messages, so it holds no login.
        bare = parts.port != 0 and not (parts.query or parts.fragment or "@" in parts.netloc)
    except ValueError:
        bare = False
    if bare and parts.scheme in ("http", "https") and parts.hostname and not set(api_url) & set(" \t\r\n"):
        return api_url.rstrip("/")
    raise bad_option("api_url", "http(s)://host[:port][/path] without a login", "something else")


def read_answer(answer: HttpAnswer) -> dict[str, Any]:
    """Return the result that an answer carries, or raise the BotApiError that it amounts to."""
    status = answer.status
    if status == 407:
        raise BotApiError("proxy", "a proxy that asks for a login (407)", status=status)
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict) or not isinstance(body.get("ok"), bool):
        raise _foreign(answer)
    if body["ok"]:
        if not isinstance(body.get("result"), dict):
            raise BotApiError("not_bot_api", "JSON without a result", status=status)
        return dict(body["result"])
    code = body.get("error_code")
    code = code if isinstance(code, int) else status
    description = str(body.get("description", ""))
    parameters = body.get("parameters")
    seconds = parameters.get("retry_after") if isinstance(parameters, dict) else None
    raise BotApiError(
        _reason(code, description),
        f'{code} "{description}"',
        status=code,
        description=description,
        retry_after=_seconds(seconds) or _seconds(answer.retry_after),
    )


def _reason(code: int, description: str) -> str:
    words = description.lower()
    if code == 401:
        return "malformed" if "invalid token" in words else "revoked"
    # A method that the server doesn't know is our fault, not the token's.
    if code == 404 and "method not found" not in words:
        return "not_found"
    if code == 400 and "logged out" in words:
        return "logged_out"
    if code == 429:
        return "rate_limited"
    return "server_error" if code >= 500 else "refused"


def _foreign(answer: HttpAnswer) -> BotApiError:
    """An answer that isn't in the Bot API's form."""
    status = answer.status
    if status == 429:
        seconds = _seconds(answer.retry_after)
        return BotApiError("rate_limited", "429 without a body", status=status, retry_after=seconds)
    if status >= 500:
        return BotApiError("server_error", f"{status} from a gateway before it", status=status)
    if 300 <= status < 400:
        try:
            host = urlsplit(answer.location).hostname
        except ValueError:
            host = None
        found = f"a redirect ({status}) to {host or 'an unnamed place'}"
        return BotApiError("not_bot_api", found, status=status)
    kind = "a web page" if answer.body.lstrip()[:1] == b"<" else "a body that isn't the Bot API's JSON"
    return BotApiError("not_bot_api", f"{kind} ({status})", status=status)


def _seconds(value: object) -> int | None:
    """A positive number of seconds, from JSON or from a header."""
    text = str(value)
    return (int(text) or None) if text.isdecimal() and len(text) < 9 else None


class BotApi:
    """The Bot API as one bot sees it; only methods that change nothing and take no updates.

    Args:
        token: the bot's token.
        api_url: the server's address.
        transport: from a URL to an answer; a network failure is a BotApiError.
        retries: how many times a call that failed for a temporary reason is tried again.
        max_wait: seconds that may be spent between tries, in all.
    """

    def __init__(
        self,
        token: BotToken,
        *,
        transport: Callable[[str], HttpAnswer],
        api_url: str = DEFAULT_API_URL,
        retries: int = 0,
        max_wait: int = 0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._token = token
        self._api_url = check_api_url(api_url)
        self._transport = transport
        self._retries = retries
        self._sleep = sleep
        self._patience = max_wait

    def get_me(self) -> dict[str, Any]:
        """Who the bot is, as getMe says; a user who is no bot is a BotApiError."""
        bot = self._call("getMe", "the bot's identity")
        if bot.get("is_bot") is not True:
            raise self._located(
                BotApiError("not_a_bot", "an account that isn't one", expected="a bot"), "getMe", 1
            )
        return bot

    def get_webhook_info(self) -> dict[str, Any]:
        """Where Telegram sends updates, as getWebhookInfo says; an empty url when the bot is polled."""
        info = self._call("getWebhookInfo", "the state of the webhook")
        return {
            "url": "",
            "pending_update_count": 0,
            "last_error_date": None,
            "last_error_message": None,
            **info,
        }

    def expect_username(self, bot: dict[str, Any], username: str) -> None:
        """Raise a BotApiError when the bot isn't the one of this name (with or without "@")."""
        wanted, found = username.lstrip("@"), str(bot.get("username", ""))
        if wanted.lower() != found.lower():
            error = BotApiError("wrong_bot", f"@{found}", expected=f"@{wanted}")
            raise self._located(error, "getMe", 1)

    def _call(self, method: str, expected: str) -> dict[str, Any]:
        url = f"{self._api_url}/bot{self._token.value}/{method}"
        for attempt in range(1, self._retries + 2):
            try:
                return dict(self._token.redact(read_answer(self._transport(url))))
            except BotApiError as error:
                error.expected = expected
                failure = self._located(error, method, attempt)
            delay = failure.retry_after or 2 ** (attempt - 1)
            if not failure.temporary or attempt > self._retries or delay > self._patience:
                raise failure
            self._patience -= delay
            self._sleep(delay)
        raise AssertionError("the last attempt returns or raises")

    def _located(self, error: BotApiError, method: str, attempts: int) -> BotApiError:
        """The error with its place, without the token, and without the exceptions it came from."""
        error.subject = f"Telegram bot {self._token.bot_id}, {method} at {self._api_url}"
        error.method, error.attempts = method, attempts
        # Masked before it is cut: a half token is no better than a whole one.
        error.found = self._token.redact(error.found)[:_LONGEST]
        if error.description is not None:
            error.description = self._token.redact(error.description)[:_LONGEST]
        error.__cause__ = error.__context__ = None
        return error
