"""What became of the load: webhooks failed, messages and jobs lost or done twice. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from updatelab.sender import Sent

ACCEPTED = 200
# So the reference application answers a text, and so its worker tells of a webhook's result.
ECHO = "You said: "
FIRST_ERRORS = 5
SHOWN = 3


@dataclass(frozen=True)
class Job:
    """The row of a webhook's job: its state, and how often it was begun."""

    request_id: str
    state: str
    attempts: int


@dataclass
class Outcome:
    """What a load came to."""

    webhooks_sent: int = 0
    webhooks_failed: int = 0
    first_errors: list[str] = field(default_factory=list)
    latency_p50_s: float = 0.0
    latency_p99_s: float = 0.0
    messages_said: int = 0
    messages_lost: list[str] = field(default_factory=list)
    messages_twice: list[str] = field(default_factory=list)
    jobs: int = 0
    jobs_lost: list[str] = field(default_factory=list)
    jobs_begun_twice: list[str] = field(default_factory=list)
    jobs_told_twice: list[str] = field(default_factory=list)
    overlaps: int = 0
    poll_gap_s: float = 0.0
    sender_cpu_share: float = 0.0
    sender_late_s: float = 0.0

    def problems(self) -> list[str]:
        """Return what an update may not do, each in a line; none is as promised."""
        found = []
        if self.webhooks_failed:
            found.append(
                f"{self.webhooks_failed} of {self.webhooks_sent} webhooks failed: {self.first_errors}"
            )
        for what in ("messages_lost", "messages_twice", "jobs_lost", "jobs_told_twice"):
            which = getattr(self, what)
            if which:
                found.append(f"{what}: {len(which)}, such as {which[:SHOWN]}")
        if self.overlaps:
            found.append(f"{self.overlaps} overlapping polls")
        # A measurement that measured nothing promises nothing.
        for what in ("webhooks_sent", "messages_said"):
            if not getattr(self, what):
                found.append(f"{what}: none")
        return found


def quantile(values: Sequence[float], part: float) -> float:
    """Return the nearest-rank quantile; nan of nothing."""
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(part * len(values)) - 1)]


def between(sent: Iterable[Sent], begun: float = -math.inf, ended: float = math.inf) -> list[Sent]:
    """Return what was sent between two moments."""
    return [one for one in sent if begun <= one.at < ended]


def latency(sent: Iterable[Sent], part: float) -> float:
    """Return a quantile of the answers' times; a webhook that failed counts with the time that it took to."""
    return quantile([one.seconds for one in sent], part)


def failed(sent: Iterable[Sent]) -> list[Sent]:
    """Return the webhooks that weren't answered, or not with 200."""
    return [one for one in sent if one.status != ACCEPTED]


def first_errors(sent: Iterable[Sent]) -> list[str]:
    """Return the first failures, each another one, with how often each was met."""
    counts = Counter(f"{one.status or 'no answer'} {one.error}".strip() for one in failed(sent))
    return [f"{count} x {error}" for error, count in counts.most_common(FIRST_ERRORS)]


def messages(
    said: Iterable[Mapping[str, Any]], answers: Iterable[Mapping[str, Any]]
) -> tuple[list[str], list[str]]:
    """Return the texts that nobody answered, and those that were answered more than once."""
    counts = Counter(str(answer["text"] or "").removeprefix(ECHO) for answer in answers)
    texts = [str(one["text"]) for one in said]
    return [text for text in texts if not counts[text]], [text for text in texts if counts[text] > 1]


def told(answers: Iterable[Mapping[str, Any]], run: str) -> Counter[str]:
    """Return how often the user was told of each request of a run."""
    counts: Counter[str] = Counter()
    for answer in answers:
        words = str(answer["text"] or "").split(" ")
        if len(words) > 2 and words[:2] == ["The", "generation"] and words[2].startswith(f"{run}-"):
            counts[words[2]] += 1
    return counts


def jobs(
    accepted: Iterable[str], rows: Iterable[Job], tellings: Mapping[str, int], to_tell: Iterable[str]
) -> tuple[list[str], list[str], list[str]]:
    """Return accepted requests never finished, begun more than once, and told more than once.

    One whose user was to be told and wasn't counts as never finished. A job that is begun again after its
    worker was stopped has done its work twice, though nobody may notice; one told twice is noticed.
    """
    known = {row.request_id: row for row in rows}
    to_tell = set(to_tell)
    lost = []
    for request_id in accepted:
        row = known.get(request_id)
        if row is None or row.state != "done" or (request_id in to_tell and not tellings.get(request_id)):
            lost.append(request_id)
    twice = [row.request_id for row in known.values() if row.attempts > 1]
    return lost, twice, [request_id for request_id, count in tellings.items() if count > 1]
