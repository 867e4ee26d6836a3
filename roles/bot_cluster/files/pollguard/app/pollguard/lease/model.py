"""The lease: one key in Redis, changed only by whoever knows its random token. Pure.

Keys, all in one hash slot: the lease itself (`token epoch instance`, with a time to live), `…:state` (a
hash: the epoch, which only grows, until when it is given, and the bot's position in its updates),
`…:standbys` (a sorted set: who could take over, scored by when that goes stale).
On the channel `…:notice` it is announced that the lease was released or taken. README.md says what a Redis
user must be allowed.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ..config import Margins

_FOREVER = 3600.0


class Take(Enum):
    """Which lease an attempt may take."""

    NONE = "0"
    RELEASED = "1"
    """One that its holder has given up."""
    EXPIRED = "2"
    """Also one that has run out by the clock of Redis."""


class LeaseError(Exception):
    """Redis didn't answer in time, or not as it should; nothing is known about the request's effect."""


class LeaseRefusedError(LeaseError):
    """Redis refuses the login, or what the guard does."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The names in Redis that belong to one lease."""

    lease: str

    @property
    def _stem(self) -> str:
        stem = self.lease.removesuffix(":lease")
        # A name without a hash tag hashes whole, so its tag is the whole name.
        return stem if "{" in self.lease else f"{{{self.lease}}}"

    @property
    def state(self) -> str:
        return f"{self._stem}:state"

    @property
    def standbys(self) -> str:
        return f"{self._stem}:standbys"

    @property
    def notice(self) -> str:
        return f"{self._stem}:notice"

    @property
    def all(self) -> tuple[str, str, str]:
        """In the order of KEYS in the scripts."""
        return self.lease, self.state, self.standbys


@dataclass(frozen=True, slots=True)
class Tenure:
    """The lease as held by this guard."""

    token: str
    epoch: int
    instance: str
    renewed_at: float
    """Just before the request that renewed it was sent, on the guard's clock."""

    @property
    def value(self) -> str:
        """What the key holds."""
        return f"{self.token} {self.epoch} {self.instance}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What Redis said last; `mine` when the asking guard holds the lease."""

    mine: bool
    holder: str
    """Instance that holds it; empty when nobody does, or when it was lost and is withheld from all."""
    epoch: int
    left: float
    """Seconds until it can be free, unless renewed."""
    standbys: tuple[str, ...]
    at: float
    """When the answer came, on the guard's clock."""
    released: bool = False
    """Nobody holds it, since it was given up."""
    delivered: int | None = None
    confirmed: int | None = None
    """The bot's position, see offsets.py; None is unknown."""
    until: str = ""
    """When the lease can be free, on the clock of Redis; 0 once it was given up."""


def parse_answer(reply: list[Any], at: float) -> Answer:
    """An Answer from the scripts' reply; raises LeaseError when the key holds something foreign."""
    mine, value, left, released, delivered, confirmed, until, *standbys = reply
    parts = str(value).split(" ")
    if value and (len(parts) != 3 or not parts[1].isdecimal()):
        raise LeaseError("the lease's key holds something that no poll guard wrote")
    holder, epoch = (parts[2], int(parts[1])) if value else ("", 0)
    # -1: somebody made the key permanent by hand.
    seconds = int(left) / 1000 if int(left) >= 0 else _FOREVER
    names = tuple(map(str, standbys))
    return Answer(
        bool(mine),
        holder,
        epoch,
        seconds,
        names,
        at,
        bool(released),
        parse_offset(delivered),
        parse_offset(confirmed),
        str(until),
    )


def parse_offset(text: object) -> int | None:
    """An offset as Redis holds it; None when it is unknown."""
    return int(str(text)) if str(text).isdecimal() else None


def new_token() -> str:
    """A token that no other guard can have."""
    return secrets.token_hex(16)


def next_request(renewed_at: float | None, answer: Answer | None, margins: Margins, asked_at: float) -> float:
    """When to ask Redis next, given when it was asked last: renewals are regular, and a standby is there
    the moment the lease ends."""
    due = asked_at + margins.renew
    if renewed_at is not None or answer is None or answer.at < asked_at or answer.left <= 0:
        return due
    # Redis expires keys by whole milliseconds.
    return min(due, answer.at + max(answer.left, 0.003) + 0.002)
