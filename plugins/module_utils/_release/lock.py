# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock of a cluster: who may change it, and what the log says of that.

Private to this collection. Everything here is decided under the host's own clock and while no other process
works on the files; no I/O here.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import Any

from .._core.redaction import Redactor

_LONGEST_FAILURE = 2000


def iso(at: float) -> str:
    """A time in seconds of the epoch, as it stands in the files."""
    # Hosts may have a Python without datetime.UTC.
    return datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="milliseconds")  # noqa: UP017


def epoch(text: object) -> float | None:
    """The time that iso() wrote, None when it is none."""
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return None


@dataclass(frozen=True)
class Holder:
    """Who has the lock, as it stands in its file. Times are the host's, in ISO 8601."""

    who: str
    what: str
    run: str
    since: str
    until: str

    @classmethod
    def read(cls, content: dict[str, Any] | None) -> Holder | None:
        """Read the file's content; None when it names no holder."""
        content = content or {}
        fields = [content.get(name) for name in cls.__dataclass_fields__]
        if not all(isinstance(field, str) and field for field in fields) or epoch(content["until"]) is None:
            return None
        return cls(*map(str, fields))

    def as_dict(self) -> dict[str, str]:
        return asdict(self)

    def __str__(self) -> str:
        times = f"since {_spoken(self.since)}, until {_spoken(self.until)}"
        return f"{self.who} has it for {self.what}, {times}"


def _spoken(at: str) -> str:
    return f"{at[:19].replace('T', ' ')} UTC"


@dataclass(frozen=True)
class Wish:
    """What a run that wants the lock says of itself.

    Args:
        ended_run: a run of which the controller knows that it has ended.
        break_other: whether to take the lock from whoever has it.
    """

    run: str
    who: str
    what: str
    expiry: int
    ended_run: str = ""
    break_other: bool = False


@dataclass(frozen=True)
class Claim:
    """What becomes of a wish.

    Args:
        holder: who has the lock then.
        held: whether that is the run that wished for it.
        again: it had it already.
        event: what to log beside its start, where the lock was another's: lock_broken or lock_taken_over.
        why: the reason for that: asked, expired, ended or unreadable.
        other: whose it was, where that is known.
    """

    holder: Holder
    held: bool
    again: bool = False
    event: str = ""
    why: str = ""
    other: Holder | None = None


def claim(wish: Wish, *, there: bool, other: Holder | None, now: float) -> Claim:
    """Decide who gets the lock.

    Args:
        wish: of the run that asks.
        there: whether there is a lock's file.
        other: what it says, None when it can't be read: then it is nobody's, for the files are written whole.
        now: the host's time, in seconds of the epoch.
    """
    again = other is not None and other.run == wish.run
    since = other.since if other is not None and again else iso(now)
    own = Holder(wish.who, wish.what, wish.run, since, iso(now + wish.expiry))
    if again or not there:
        return Claim(own, held=True, again=again)
    if other is None:
        return Claim(own, held=True, event="lock_taken_over", why="unreadable")
    if (epoch(other.until) or 0.0) <= now:
        why = "expired"
    elif other.run == wish.ended_run:
        why = "ended"
    elif wish.break_other:
        return Claim(own, held=True, event="lock_broken", why="asked", other=other)
    else:
        return Claim(other, held=False)
    return Claim(own, held=True, event="lock_taken_over", why=why, other=other)


def refusal(home: str, holder: Holder) -> str:
    """What to tell a run that doesn't get the lock."""
    return (
        f"Cluster lock {home}: expected it to be free, found that {holder}. Nothing was changed. "
        "Run again when that has ended. If it certainly runs no more, go on with -e release_lock_break=true."
    )


def entry(event: str, now: float, who: str, what: str, run: str, **more: Any) -> dict[str, Any]:
    """One line of the log; what is None is left out."""
    line = {"at": iso(now), "event": event, "who": who, "what": what, "run": run, **more}
    return {name: value for name, value in line.items() if value is not None}


def beginning(made: Claim, wish: Wish, now: float, release: int | None) -> list[dict[str, Any]]:
    """What to log of a claim that was granted."""
    if made.again:
        return []
    started = entry("started", now, wish.who, wish.what, wish.run, release_from=release)
    if not made.event:
        return [started]
    other = made.other.as_dict() if made.other else None
    return [entry(made.event, now, wish.who, wish.what, wish.run, why=made.why, other=other), started]


@dataclass(frozen=True)
class Outcome:
    """How a run ended: succeeded, unchanged, failed or returned, and what went wrong."""

    outcome: str
    failure: str = ""

    @property
    def masked_failure(self) -> str | None:
        text = str(Redactor()(self.failure)).strip()
        return text[:_LONGEST_FAILURE] or None


def ending(
    run: str, outcome: Outcome, now: float, release: int | None, logged: list[dict[str, Any]]
) -> dict[str, Any] | None:
    """What to log of the end of a run: None when it never began, or its end is in the log already.

    Args:
        run: the run.
        outcome: how it ended.
        now: the host's time, in seconds of the epoch.
        release: number of the release that is deployed now.
        logged: the entries of the log.
    """
    own = [line for line in logged if line.get("run") == run and line.get("event") in ("started", "finished")]
    if not own or own[-1]["event"] == "finished":
        return None
    start = own[-1]
    began = epoch(start.get("at"))
    return entry(
        "finished",
        now,
        str(start.get("who", "")),
        str(start.get("what", "")),
        run,
        outcome=outcome.outcome,
        release_from=start.get("release_from"),
        release_to=release,
        seconds=None if began is None else round(max(0.0, now - began), 1),
        failure=outcome.masked_failure,
    )
