"""Bot tokens: their form, the bot's id in them, and how they are shown."""

from __future__ import annotations

import re

_FORM = re.compile(r"[1-9][0-9]{0,16}:[A-Za-z0-9_-]{24,}")
_MAX_LENGTH = 80


def is_well_formed(token: str) -> bool:
    """Whether Telegram would look the token up at all."""
    return len(token) <= _MAX_LENGTH and _FORM.fullmatch(token) is not None


def bot_id(token: str) -> int:
    """The bot's user id, which a well-formed token begins with."""
    return int(token.partition(":")[0])


def masked(token: str) -> str:
    """The token without its secret, for logs."""
    head, colon, _ = token.partition(":")
    return f"{head}:***" if colon and head.isascii() and head.isdigit() else "***"


def without_token(text: str, token: str) -> str:
    """The text with the token, or its secret alone, taken out."""
    secret = token.partition(":")[2]
    text = text.replace(token, masked(token)) if token else text
    return text.replace(secret, "***") if len(secret) >= 8 else text
