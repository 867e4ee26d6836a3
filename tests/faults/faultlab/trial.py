"""One fault done to one pair under load, and what came of it."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Any

from faultlab import record
from faultlab.faults import Case, Fault
from faultlab.pair import Pair, Poller

PER_SECOND = 20.0
WARM_UP_S = 2.0
SETTLE_S = 2.0
ANSWERED_S = 20.0


@dataclass
class Outcome:
    """What came of a fault; times in seconds."""

    fault: Fault
    framework: str
    victim: str
    overlaps: list[record.Overlap]
    left_behind: list[tuple[record.Poll, str]]
    gap: float
    ready_after: float
    account: record.Account
    delivered_late: list[str]
    active: str

    def as_row(self) -> dict[str, Any]:
        """Return it as one row of a table."""
        return {
            "fault": self.fault.name,
            "framework": self.framework,
            "overlaps": len(self.overlaps),
            "overlap_s": round(max((one.seconds for one in self.overlaps), default=0.0), 3),
            "left_behind": len(self.left_behind),
            "gap_s": round(self.gap, 3),
            "ready_s": round(self.ready_after, 1),
            "said": self.account.said,
            "lost": len(self.account.lost),
            "twice": len(self.account.twice),
            "late": len(self.delivered_late),
            "moved": self.victim != self.active,
        }

    @property
    def too_slow(self) -> bool:
        """Whether nobody polled for longer than is promised."""
        return self.gap > self.fault.gap

    def problems(self) -> list[str]:
        """Return in words what is against a promise."""
        slow = f"{self.gap:.2f} s without a poll, promised are {self.fault.gap:.2f} s"
        return self.broken() + ([slow] if self.too_slow else [])

    def broken(self) -> list[str]:
        """Return in words what is against a promise, times apart."""
        found = []
        if self.overlaps:
            found.append(f"{len(self.overlaps)} overlaps, the longest {self.overlaps[0].seconds:.3f} s")
        if self.delivered_late:
            found.append(
                f"{len(self.delivered_late)} updates delivered by {self.victim} after it lost the lease"
            )
        if self.account.lost and not self.fault.ends_bot and self.fault.answers:
            found.append(f"{len(self.account.lost)} messages lost although no bot ended")
        if self.account.twice and self.fault.name == "hand_over":
            found.append(f"{len(self.account.twice)} messages answered twice")
        return found


def absences(
    fault: Fault, victim: Poller, begun: float, inflicted: float, healed: float
) -> list[record.Absence]:
    """Return why polls of a fault's victim may be left behind."""
    if not fault.why:
        return []
    ended = inflicted if fault.why == "killed" else healed
    return [record.Absence(victim.instance, begun, ended, f"{fault.why} by {fault.name}")]


def run(pair: Pair, fault: Fault, per_second: float = PER_SECOND) -> Outcome:
    """Do a fault to a pair that is well, heal it, and wait until the pair is well again."""
    victim = pair.wait_until_ready()
    log, answers = pair.standin.log_cursor(), pair.standin.answers_cursor()
    prefix = f"{fault.name} {secrets.token_hex(3)}"
    with pair.standin.load(pair.username, prefix, per_second):
        time.sleep(WARM_UP_S)
        case = Case(pair, victim)
        begun = time.monotonic()
        with case.undo:
            fault.inflict(case)
            inflicted = time.monotonic()
            time.sleep(fault.hold)
            healed = time.monotonic()
        active = pair.wait_until_ready()
        ready = time.monotonic()
        time.sleep(SETTLE_S)
    pair.standin.wait_until_answered(pair.username, answers, ANSWERED_S, prefix)
    ended = time.monotonic()
    said = pair.standin.said(pair.username)
    polls = record.polls(pair.standin.polls(pair.username, log), pair.addresses())
    verdict = record.judge(polls, absences(fault, victim, begun, inflicted, healed), begun, ended)
    account = record.account(said, pair.standin.answers(pair.username, answers))
    late = []
    if fault.why in ("frozen", "cut off"):
        late = record.delivered_late(polls, said, account, victim.instance, inflicted, healed)
    return Outcome(
        fault,
        pair.framework,
        victim.instance,
        verdict.overlaps,
        verdict.left_behind,
        verdict.gap,
        ready - healed,
        account,
        late,
        active.instance,
    )
