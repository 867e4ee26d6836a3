"""Users, chats and messages as JSON objects of the Bot API."""

from __future__ import annotations

import re
from typing import Any

from standin.errors import bad_request
from standin.params import Params

Json = dict[str, Any]

DEFAULT_CHAT = 1001
_COMMAND = re.compile(r"(?<!\S)/[A-Za-z0-9_]{1,32}(?:@[A-Za-z0-9_]+)?")
_INTEGER = re.compile(r"-?[0-9]+")


def user(user_id: int) -> Json:
    """A person."""
    return {
        "id": user_id,
        "is_bot": False,
        "first_name": f"User {user_id}",
        "username": f"user{user_id}",
        "language_code": "en",
    }


def chat(chat_id: int) -> Json:
    """The private chat with a person, or a group where the id is negative."""
    if chat_id < 0:
        return {"id": chat_id, "title": f"Group {-chat_id}", "type": "supergroup"}
    return {
        "id": chat_id,
        "first_name": f"User {chat_id}",
        "username": f"user{chat_id}",
        "type": "private",
    }


def full_chat(chat_id: int) -> Json:
    """What `getChat` says."""
    return chat(chat_id) | {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": {
            "unlimited_gifts": True,
            "limited_gifts": True,
            "unique_gifts": True,
            "premium_subscription": True,
            "gifts_from_channels": True,
        },
    }


def wanted_chat(params: Params, name: str = "chat_id") -> int:
    """The chat that a request is about. Every number is a chat that exists.

    Raises ApiError 400 when none is given or it is a name.
    """
    text = params.text(name)
    if not text:
        raise bad_request(f"{name} is empty")
    chat_id = int(text) if _INTEGER.fullmatch(text) else 0
    if chat_id == 0:
        raise bad_request("chat not found")
    return chat_id


def command_entities(text: str) -> list[Json]:
    """A `bot_command` entity for each command; positions count UTF-16 units, as everywhere in Telegram."""
    return [
        {
            "type": "bot_command",
            "offset": _utf16_length(text[: match.start()]),
            "length": _utf16_length(match.group()),
        }
        for match in _COMMAND.finditer(text)
    ]


def _utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
