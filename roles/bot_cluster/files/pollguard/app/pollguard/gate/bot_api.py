"""What COMMAND asks of the Bot API, as far as the gate must understand it. Pure.

A call's path is `/bot<token>/<method>`, on Telegram's test servers `/bot<token>/test/<method>`, a file's is
`/file/bot<token>/<path>`. As Telegram's server does it, the path is decoded first, and methods are compared
without regard to case. A target of any other form isn't understood and must not be passed on: a server, or a
proxy before it, might read a guarded method in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

MAX_TIMEOUT = 50
"""Seconds that Telegram holds a poll at most."""
GET_UPDATES = "getupdates"
DELETE_WEBHOOK = "deletewebhook"
GUARDED = frozenset({GET_UPDATES, DELETE_WEBHOOK, "setwebhook", "logout", "close"})
"""Methods that aren't passed on as they are: they move the queue, or take polling away."""
PERMISSIONS = ("deleteWebhook", "setWebhook", "logOut", "close", "dropPendingUpdates", "negativeOffset")
"""What the active's COMMAND can be allowed; the first four are the methods of these names."""

_METHOD = re.compile(r"/bot(?P<token>[^/]+)/(?:test/)?(?P<method>[A-Za-z0-9_]+)")
_FILE = re.compile(r"/file/bot(?P<token>[^/]+)/(?P<path>.+)")
# So that every byte of a path is one character.
_BYTES = "latin-1"
# What a path may hold as it is.
_SAFE = "/:@!$&'()*+,;=~"
# No number of Telegram's has more digits.
_LEADING_DIGITS = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a Bot API method, or the download of a file."""

    token: str = field(repr=False)
    method: str
    """In lower case; empty for a file."""
    target: tuple[str, str] = field(default=("", ""), repr=False, compare=False)
    """The raw target, without the token between the two."""

    @property
    def bot(self) -> str:
        """The bot's id, which is not secret."""
        return self.token.partition(":")[0]


def parse_call(path: str) -> Call | None:
    """Parse the raw target of a request; None when it isn't understood."""
    raw, question, query = path.partition("?")
    if "#" in path or not raw.isascii():
        return None
    decoded = unquote(raw, _BYTES)
    found = _METHOD.fullmatch(decoded) or _FILE.fullmatch(decoded)
    if found is None:
        return None
    parts = found.groupdict()
    # A proxy may decode once more and then resolve the dots.
    if {".", ".."} & set(unquote(parts.get("path", ""), _BYTES).split("/")):
        return None
    begin, end = found.span("token")
    target = decoded[:begin], quote(decoded[end:], _SAFE, _BYTES) + question + query
    return Call(parts["token"], parts.get("method", "").lower(), target)


@dataclass(frozen=True, slots=True)
class Poll:
    """COMMAND's getUpdates."""

    offset: int | None
    timeout: int
    """Seconds, as Telegram would understand it."""
    others: Mapping[str, str]
    """The other parameters, to be passed on."""

    def parameters(self, offset: int | None, timeout: int) -> dict[str, str]:
        """Of the same poll at another offset."""
        given = {**self.others, "timeout": str(timeout)}
        return given if offset is None else {**given, "offset": str(offset)}


def parse_poll(parameters: Mapping[str, str]) -> Poll:
    """The poll that these parameters ask for."""
    others = {name: value for name, value in parameters.items() if name not in ("offset", "timeout")}
    timeout = _integer(parameters.get("timeout", "")) or 0
    return Poll(_integer(parameters.get("offset", "")), max(0, min(timeout, MAX_TIMEOUT)), others)


def parse_json(body: bytes) -> dict[str, str]:
    """Parameters of a JSON body as a form would give them; raises ValueError when it is no object."""
    values = json.loads(body)
    if not isinstance(values, dict):
        raise ValueError("expected a JSON object")
    return {
        str(name): value if isinstance(value, str) else json.dumps(value)
        for name, value in values.items()
        if value is not None
    }


def is_true(text: str) -> bool:
    """Whether a parameter means yes, in Telegram's eyes."""
    return text.strip().lower() in ("true", "1", "yes")


def _integer(text: str) -> int | None:
    """A number as Telegram reads it: by its leading digits, else 0; None when there is no text."""
    digits = _LEADING_DIGITS.match(text)
    return int(digits[0]) if digits else 0 if text else None


def update_ids(body: bytes) -> list[int] | None:
    """Ids of the updates that an answer holds; None when it isn't an answer to a poll."""
    try:
        answer: Any = json.loads(body)
        return [int(update["update_id"]) for update in answer["result"]]
    except (ValueError, KeyError, TypeError):
        return None


EMPTY = b'{"ok":true,"result":[]}'
TRUE = b'{"ok":true,"result":true}'


def refusal(code: int, description: str) -> bytes:
    """An error as the Bot API tells it."""
    return json.dumps({"ok": False, "error_code": code, "description": description}).encode()
