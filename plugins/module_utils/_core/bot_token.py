# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The token of a Telegram bot: its shape, and how it is kept out of what people read.

Private to this collection. No I/O here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

MASK = "***"
MAX_LENGTH = 80
MIN_SECRET = 24

_BOT_ID = re.compile(r"[1-9][0-9]{0,16}")
_SECRET_CHARACTER = re.compile(r"[A-Za-z0-9_-]")
# An image's digest looks like one from its 256 on, and isn't.
_ANY_TOKEN = re.compile(
    r"(?P<digest>sha256:[0-9a-f]{64}(?![A-Za-z0-9_-]))|"
    r"(?P<bot>[1-9][0-9]{0,16}(?::|%(?:25)*3[Aa]))[A-Za-z0-9_-]{24,}"
)
# One character as written, or percent-encoded once or more often ("%3A", "%253A").
_CHARACTER = re.compile(r"%(?:25)*([0-9A-Fa-f]{2})|.", re.DOTALL)
# So many characters of the secret in a row are no accident.
_FRAGMENT = 8


def shape_fault(token: str) -> str | None:
    """Say what is wrong with the shape of a token, without quoting it, or None when nothing is.

    The rule is that of the Bot API's server (tdlib/telegram-bot-api): ``[1-9]\\d{0,16}:[A-Za-z0-9_-]{24,}``,
    80 characters at most.
    """
    if not token:
        return "an empty value"
    if token != token.strip():
        return "white space around the value (a line end of the file that it was read from?)"
    if token[0] in "'\"" or token[-1] in "'\"":
        return "quotation marks as part of the value"
    if token[:3].lower() == "bot":
        return 'a value that begins with "bot", which belongs to the URL and not to the token'
    bot_id, colon, secret = token.partition(":")
    if not colon:
        return "a value without a colon"
    if not _BOT_ID.fullmatch(bot_id):
        return "something other than the bot's number (1 to 17 digits, no leading zero) before the colon"
    for position, character in enumerate(secret, start=len(bot_id) + 2):
        if not _SECRET_CHARACTER.fullmatch(character):
            return f'a character other than letters, digits, "_" and "-" at position {position}'
    if len(secret) < MIN_SECRET:
        return (
            f"{len(secret)} characters after the colon, where there are at least {MIN_SECRET} (was it cut?)"
        )
    if len(token) > MAX_LENGTH:
        return f"{len(token)} characters, where there are at most {MAX_LENGTH} (was it pasted twice?)"
    return None


def redact_any_token(text: str) -> str:
    """Mask whatever has the shape of a bot token, known or not; the bot's number stays."""
    return _ANY_TOKEN.sub(lambda found: found["digest"] or f"{found['bot']}{MASK}", text)


@dataclass(frozen=True)
class BotToken:
    """A token of the right shape. Neither str() nor repr() shows it."""

    value: str = field(repr=False)

    def __post_init__(self) -> None:
        fault = shape_fault(self.value)
        if fault is not None:
            raise ValueError(fault)

    def __str__(self) -> str:
        return f"{self.bot_id}:{MASK}"

    @property
    def bot_id(self) -> int:
        """The bot's user id, which is public."""
        return int(self.value.partition(":")[0])

    def redact(self, value: Any) -> Any:
        """Mask the token, and every longer part of it, in text and in any nesting of lists and dicts."""
        if isinstance(value, str):
            return redact_any_token(self._redact_fragments(value))
        if isinstance(value, dict):
            return {self.redact(key): self.redact(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.redact(item) for item in value]
        return value

    @cached_property
    def _fragments(self) -> frozenset[str]:
        secret = self.value.partition(":")[2]
        return frozenset(secret[start : start + _FRAGMENT] for start in range(len(secret) - _FRAGMENT + 1))

    def _redact_fragments(self, text: str) -> str:
        fragments = self._fragments
        # Nearly all text is quickly seen to be harmless; a log may be long.
        if "%" not in text and not any(fragment in text for fragment in fragments):
            return text
        if "\n" in text:
            return "\n".join(map(self._redact_fragments, text.split("\n")))
        written = list(_CHARACTER.finditer(text))
        plain = "".join(chr(int(match[1], 16)) if match[1] else match[0] for match in written)
        hidden = [False] * len(plain)
        for start in range(len(plain) - _FRAGMENT + 1):
            if plain[start : start + _FRAGMENT] in fragments:
                hidden[start : start + _FRAGMENT] = [True] * _FRAGMENT
        pieces: list[str] = []
        for position, match in enumerate(written):
            if not hidden[position]:
                pieces.append(match[0])
            elif position == 0 or not hidden[position - 1]:
                pieces.append(MASK)
        return "".join(pieces)
