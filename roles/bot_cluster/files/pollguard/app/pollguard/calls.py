"""What COMMAND asks of the Bot API, as far as the gate must understand it. Pure.

A call's path is `/bot<token>/<method>`, on Telegram's test servers `/bot<token>/test/<method>`; methods are
told apart without regard to case. Everything else (files, say) is none of the gate's business.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

MAX_TIMEOUT = 50
"""Seconds that Telegram holds a poll at most."""
GET_UPDATES = "getupdates"
DELETE_WEBHOOK = "deletewebhook"
GUARDED = frozenset({GET_UPDATES, DELETE_WEBHOOK, "setwebhook", "logout", "close"})
"""Methods that aren't passed on as they are: they move the queue, or take polling away."""
PERMISSIONS = ("deleteWebhook", "setWebhook", "logOut", "close", "dropPendingUpdates", "negativeOffset")
"""What the active's COMMAND can be allowed; the first four are the methods of these names."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a Bot API method."""

    token: str = field(repr=False)
    method: str
    """In lower case."""

    @property
    def bot(self) -> str:
        """The bot's id, which is not secret."""
        return self.token.partition(":")[0]


def parse_call(path: str) -> Call | None:
    """The call that a request's raw path stands for; None when it is something else."""
    prefix, slash, rest = path.partition("?")[0].removeprefix("/").partition("/")
    if not prefix.startswith("bot") or not slash:
        return None
    method = unquote(rest).lower().removeprefix("test/")
    return Call(unquote(prefix[3:]), method) if method and "/" not in method else None


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
    """The poll that these parameters ask for; what isn't a number counts as left out, as Telegram has it."""
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
    try:
        return int(text)
    except ValueError:
        return None


EMPTY = b'{"ok":true,"result":[]}'
TRUE = b'{"ok":true,"result":true}'


def refusal(code: int, description: str) -> bytes:
    """An error as the Bot API tells it."""
    return json.dumps({"ok": False, "error_code": code, "description": description}).encode()
