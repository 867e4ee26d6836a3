"""What to do next in process mode, as a pure function of what is known. No clock, no I/O.

The rule that everything serves: COMMAND is alive only while this guard holds the lease. So COMMAND is
started only with the lease in hand, the lease is released only when nothing of COMMAND is left, and
COMMAND is killed before the lease can end by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from .. import exit_codes
from ..config import Margins
from ..policy import Action, Decision, Ending, Reason, exit_code
from ..supervisor.command import Work

_STAYS = (Reason.HANDOVER, Reason.LEASE)
"""After these the guard lives on as a standby; after the others it exits."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a decision depends on."""

    renewed_at: float | None = None
    """Before the renewal that succeeded last; None without the lease."""
    work: Work = Work.ABSENT
    code: int | None = None
    """Exit code of a run that has ended and wasn't dealt with yet."""
    ending: Ending | None = None
    killing: bool = False
    stop: bool = False
    handover: bool = False
    stepping_back: bool = False
    deaf: bool = False
    unhealthy: bool = False
    keeper_gone: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """How long COMMAND may take to end, in seconds."""

    stop_timeout: float
    leftover_grace: float


def decide(facts: Facts, margins: Margins, limits: Limits, now: float) -> Decision:
    """The next action in process mode; to be asked again after each action and each change."""
    if facts.work is not Work.ABSENT:
        return _alive(facts, margins, limits, now)
    return _absent(facts, margins, now)


def may_take(facts: Facts) -> bool:
    """Whether the guard may take the lease when it is free."""
    busy = facts.ending is not None or facts.code is not None
    return not (busy or facts.stop or facts.stepping_back or facts.keeper_gone)


def _alive(facts: Facts, margins: Margins, limits: Limits, now: float) -> Decision:
    ending = facts.ending
    if facts.killing:
        return Decision(Action.WAIT)
    if facts.keeper_gone:
        return Decision(Action.KILL, Ending(Reason.KEEPER, now))
    if facts.renewed_at is None or now >= margins.kill_at(facts.renewed_at):
        return Decision(Action.KILL, ending or Ending(Reason.LEASE, now))
    kill_at = margins.kill_at(facts.renewed_at)
    if facts.stop and (ending is None or ending.reason is not Reason.STOP):
        # Whatever ends it already: the limit that it was given first still holds.
        limit = now + limits.stop_timeout
        return Decision(Action.END, Ending(Reason.STOP, min(limit, ending.limit) if ending else limit))
    if ending is not None:
        if now >= ending.limit:
            return Decision(Action.KILL, ending)
        return Decision(Action.WAIT, again_at=min(ending.limit, kill_at))
    reason = _why_end(facts, margins, now)
    if reason is not None:
        grace = limits.leftover_grace if reason is Reason.EXITED else limits.stop_timeout
        return Decision(Action.END, Ending(reason, now + grace))
    return Decision(Action.WAIT, again_at=margins.term_at(facts.renewed_at))


def _why_end(facts: Facts, margins: Margins, now: float) -> Reason | None:
    if facts.work is Work.LEFTOVERS:
        return Reason.EXITED
    if facts.renewed_at is not None and now >= margins.term_at(facts.renewed_at):
        return Reason.LEASE
    if facts.unhealthy:
        return Reason.UNHEALTHY
    if facts.deaf:
        return Reason.DEAF
    return Reason.HANDOVER if facts.handover else None


def _absent(facts: Facts, margins: Margins, now: float) -> Decision:
    if facts.renewed_at is not None:
        if now >= margins.deadline(facts.renewed_at):
            return Decision(Action.DROP)
        if not may_take(facts):
            return Decision(Action.RELEASE)
        if now < margins.term_at(facts.renewed_at):
            return Decision(Action.START)
        return Decision(Action.WAIT, again_at=margins.deadline(facts.renewed_at))
    if facts.keeper_gone:
        return Decision(Action.EXIT, code=exit_codes.INTERNAL)
    if facts.code is not None:
        reason = facts.ending.reason if facts.ending else Reason.EXITED
        if reason in _STAYS and not facts.stop:
            return Decision(Action.RETIRE)
        return Decision(Action.EXIT, code=exit_code(reason, facts.code))
    if facts.stop:
        return Decision(Action.EXIT, code=exit_codes.OK)
    return Decision(Action.WAIT)
