"""A bot's queue of updates, with the semantics of Telegram's own (tdlib's TQueue)."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Any

# Every type but the three that must be asked for is delivered by default.
ASKED_FOR_TYPES = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
DEFAULT_TYPES = frozenset(
    {
        "business_connection",
        "business_message",
        "callback_query",
        "channel_post",
        "chat_boost",
        "chat_join_request",
        "chosen_inline_result",
        "custom_event",
        "custom_query",
        "deleted_business_messages",
        "edited_business_message",
        "edited_channel_post",
        "edited_message",
        "guest_message",
        "inline_query",
        "managed_bot",
        "message",
        "my_chat_member",
        "poll",
        "poll_answer",
        "pre_checkout_query",
        "purchased_paid_media",
        "removed_chat_boost",
        "shipping_query",
    }
)
MAX_UPDATES = 100_000
# An offset further ahead of the queue than this is taken for a mistake and read as "from the oldest".
MAX_AHEAD = 10


@dataclass(frozen=True)
class Update:
    """One update, as `getUpdates` gives it out."""

    update_id: int
    type: str
    payload: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """The Bot API's Update object."""
        return {"update_id": self.update_id, self.type: self.payload}


@dataclass
class Forgotten:
    """What left the queue."""

    confirmed: int = 0
    cleared: int = 0
    up_to: int | None = None


def parse_allowed_types(text: str) -> frozenset[str] | None:
    """The types that an `allowed_updates` parameter asks for; None leaves the setting as it is."""
    try:
        names = json.loads(text) if text else None
    except ValueError:
        return None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return None
    known = {name.lower() for name in names} & (DEFAULT_TYPES | ASKED_FOR_TYPES)
    return frozenset(known) or DEFAULT_TYPES


class UpdateQueue:
    """Updates in order of their id. The offset is the queue's: any client's call moves it for all."""

    def __init__(self, first_id: int | None = None) -> None:
        # Like Telegram, begin at a random place so that nobody counts on a first id.
        self.tail = first_id if first_id is not None else 200_001 + secrets.randbelow(500_000_000)
        self.allowed = DEFAULT_TYPES
        self.forgotten = Forgotten()
        self._updates: dict[int, Update] = {}

    def __len__(self) -> int:
        return len(self._updates)

    @property
    def head(self) -> int:
        """The id of the oldest update, or the one that the next update will get."""
        return next(iter(self._updates), self.tail)

    def push(self, type_: str, payload: dict[str, Any]) -> int | None:
        """Adds an update and returns its id; None when its type isn't allowed or the queue is full."""
        if type_ not in self.allowed or len(self._updates) >= MAX_UPDATES:
            return None
        update_id = self.tail
        self._updates[update_id] = Update(update_id, type_, payload)
        self.tail += 1
        return update_id

    def clear(self, keep: int = 0) -> None:
        """Forgets all but the newest `keep` updates."""
        surplus = len(self._updates) - keep
        if surplus > 0:
            for update_id in list(self._updates)[:surplus]:
                del self._updates[update_id]
            self.forgotten.cleared += surplus

    def resolve(self, offset: int) -> int:
        """The id that an offset points at: a negative one counts from the end and forgets what is before."""
        if offset < 0:
            self.clear(-offset)
        return offset if offset > 0 else self.head

    def take(self, from_id: int, limit: int) -> list[Update]:
        """Confirms every update before `from_id` and returns up to `limit` from there on, unconfirmed."""
        if from_id > self.tail + MAX_AHEAD or from_id < self.head - MAX_UPDATES:
            from_id = self.head
        for update_id in list(takewhile(lambda known: known < from_id, self._updates)):
            del self._updates[update_id]
            self.forgotten.confirmed += 1
            self.forgotten.up_to = update_id
        return list(islice(self._updates.values(), limit))

    def set_allowed(self, text: str) -> bool:
        """Takes over an `allowed_updates` parameter; returns whether it changed anything."""
        types = parse_allowed_types(text)
        if types is None or types == self.allowed:
            return False
        self.allowed = types
        return True
