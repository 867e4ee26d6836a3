"""What the record says: polls in flight at once, the time without a poll, updates lost or answered twice.

Pure: from entries of the stand-in's log to a verdict. Times are seconds of the monotonic clock, which all
containers of a machine share.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from typing import Any

# A guard that polls says so, and which one it is.
_AGENT = re.compile(r"^pollguard/\S+ (\S+)$")
# From a client's hanging up until the stand-in sees it, on two busy cores.
SEEN_WITHIN = 0.002
# From a poll's arrival until it has ended the one that waited.
ENDED_WITHIN = 0.005


@dataclass(frozen=True)
class Poll:
    """One getUpdates at the stand-in, from its arrival until it could receive nothing any more."""

    instance: str
    started: float
    over: float
    updates: tuple[int, ...] = ()
    ended_by_another: bool = False


@dataclass(frozen=True)
class Absence:
    """Why polls of an instance are left behind: it was killed, frozen or cut off.

    What it had in flight at `begun`, and what it sent until `ended`, is none of a guard that runs and
    reaches Redis.
    """

    instance: str
    begun: float
    ended: float
    why: str


@dataclass(frozen=True)
class Overlap:
    """Two instances' polls in flight at once, and for how long."""

    older: Poll
    newer: Poll
    seconds: float


@dataclass
class Verdict:
    """What polls come to."""

    overlaps: list[Overlap] = field(default_factory=list)
    left_behind: list[tuple[Poll, str]] = field(default_factory=list)
    gap: float = 0.0
    gap_at: float = 0.0
    first: dict[str, float] = field(default_factory=dict)


@dataclass
class Account:
    """What became of the messages."""

    said: int
    lost: list[str]
    twice: list[str]
    answered_by: Mapping[str, list[str]]


def polls(log: Iterable[Mapping[str, Any]], by_peer: Mapping[str, str] | None = None) -> list[Poll]:
    """Read polls from log entries; `by_peer` names the instance at an address, for polls of no guard."""
    found = []
    for entry in log:
        agent = _AGENT.match(str(entry["user_agent"]))
        host = str(entry["peer"]).rpartition(":")[0]
        instance = agent[1] if agent else (by_peer or {}).get(host, f"{entry['user_agent']} @ {host}")
        ends = [entry[name] for name in ("over", "ended") if entry.get(name) is not None]
        over = min(ends) if ends else inf
        updates = tuple(entry.get("updates") or ())
        # Its 409 may be on its way still.
        conflict = entry.get("status") == 409 or (entry.get("over") is not None and entry["ended"] is None)
        found.append(Poll(instance, entry["started"], over, updates, conflict))
    return sorted(found, key=lambda poll: poll.started)


def without_absent(
    found: Sequence[Poll], absences: Sequence[Absence]
) -> tuple[list[Poll], list[tuple[Poll, str]]]:
    """Cut polls off where their instance became absent; returns what counts, and what doesn't and why."""
    counted, behind = [], []
    for poll in found:
        reasons = [
            absence
            for absence in absences
            if absence.instance == poll.instance
            and poll.started < absence.ended
            and poll.over > absence.begun
        ]
        if not reasons:
            counted.append(poll)
            continue
        first = min(reasons, key=lambda absence: absence.begun)
        behind.append((poll, first.why))
        if poll.started < first.begun:
            counted.append(Poll(poll.instance, poll.started, first.begun, poll.updates))
    return counted, behind


def overlaps(found: Sequence[Poll], tolerance: float = SEEN_WITHIN) -> list[Overlap]:
    """Return polls of two instances in flight at once for longer than `tolerance` seconds.

    A poll that another instance's has ended (409) is one, though both were in flight for a moment only.
    """
    pairs: list[Overlap] = []
    open_polls: list[Poll] = []
    for poll in sorted(found, key=lambda one: one.started):
        open_polls = [other for other in open_polls if other.over > poll.started - ENDED_WITHIN]
        for other in open_polls:
            seconds = min(other.over, poll.over) - poll.started
            ended = other.ended_by_another and abs(other.over - poll.started) < ENDED_WITHIN
            if other.instance != poll.instance and (seconds > tolerance or ended):
                pairs.append(Overlap(other, poll, max(0.0, seconds)))
        open_polls.append(poll)
    return pairs


def longest_gap(found: Sequence[Poll], begun: float, ended: float) -> tuple[float, float]:
    """Return the longest time without a poll between two moments, and when it began."""
    longest, at, covered = 0.0, begun, begun
    for poll in sorted(found, key=lambda one: one.started):
        if poll.over <= begun or poll.started >= ended:
            continue
        if poll.started - covered > longest:
            longest, at = poll.started - covered, covered
        covered = max(covered, poll.over)
    return (ended - covered, covered) if ended - covered > longest else (longest, at)


def judge(found: Sequence[Poll], absences: Sequence[Absence], begun: float, ended: float) -> Verdict:
    """Judge the polls between two moments."""
    counted, behind = without_absent(found, absences)
    gap, gap_at = longest_gap(counted, begun, ended)
    within = [poll for poll in counted if poll.over > begun and poll.started < ended]
    return Verdict(overlaps(within), behind, gap, gap_at)


def handover_gap(found: Sequence[Poll], begun: float, former: str) -> float | None:
    """Return the time without a poll at a hand-over that began at a moment; None when nobody else polled.

    What passed since the former active's last poll before that moment isn't the hand-over's: a framework
    that handles before it polls again, doesn't poll meanwhile.
    """
    after = [poll for poll in found if poll.instance != former and poll.started >= begun]
    if not after:
        return None
    last = max(
        (poll.over for poll in found if poll.instance == former and poll.started < after[0].started),
        default=begun,
    )
    return max(0.0, after[0].started - max(last, begun))


def changes(found: Sequence[Poll]) -> list[tuple[Poll, Poll]]:
    """Return each poll of an instance that followed another's."""
    return [(older, newer) for older, newer in pairwise(found) if older.instance != newer.instance]


def account(said: Iterable[Mapping[str, Any]], answers: Iterable[Mapping[str, Any]]) -> Account:
    """Compare what users wrote with what bots answered: "TEXT | INSTANCE"."""
    texts = [str(one["text"]) for one in said]
    by: dict[str, list[str]] = {text: [] for text in texts}
    for answer in answers:
        text, _, instance = str(answer["text"]).rpartition(" | ")
        if text in by:
            by[text].append(instance)
    counts = Counter({text: len(instances) for text, instances in by.items()})
    lost = [text for text in texts if counts[text] == 0]
    return Account(len(texts), lost, [text for text in texts if counts[text] > 1], by)


def delivered_late(
    found: Iterable[Poll],
    said: Iterable[Mapping[str, Any]],
    told: Account,
    victim: str,
    inflicted: float,
    healed: float,
) -> list[str]:
    """Return texts that a frozen or cut-off active answered, which Telegram gave it only after the fault.

    From then on it could make sure of its lease no more, until it was healed, so it must not deliver them.
    """
    updates = {one["update_id"]: str(one["text"]) for one in said}
    meanwhile: set[int] = set()
    otherwise: set[int] = set()
    for poll in found:
        if poll.instance == victim:
            late = poll.started < healed and poll.over > inflicted
            (meanwhile if late else otherwise).update(poll.updates)
    texts = [updates[one] for one in sorted(meanwhile - otherwise) if one in updates]
    return [text for text in texts if victim in told.answered_by.get(text, [])]
