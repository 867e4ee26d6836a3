"""What to do next in gate mode, as a pure function of what is known. No clock, no I/O.

COMMAND runs from the start, so the lease says only whose polls go to Telegram. It is taken by a guard whose
COMMAND polls, and passed on before COMMAND is asked to end: then COMMAND has its time to answer what it has.
"""

from __future__ import annotations

from dataclasses import dataclass

from .. import exit_codes
from ..policy import Action, Decision, Ending, Reason, exit_code
from ..supervisor.command import Work


@dataclass(frozen=True, slots=True)
class GateFacts:
    """All that a decision depends on."""

    leased: bool = False
    work: Work = Work.ABSENT
    started: bool = False
    code: int | None = None
    """Exit code of a COMMAND that has ended."""
    ending: Ending | None = None
    killing: bool = False
    stop_at: float | None = None
    """When the guard was told to stop."""
    handover_at: float | None = None
    """When a hand-over was asked for that hasn't been carried out."""
    quiet_at: float | None = None
    """When COMMAND will have been quiet for long enough; None while a call of its is under way."""
    stepping_back: bool = False
    ready: bool = False
    """COMMAND polls, and Telegram can be reached."""
    deaf: bool = False
    unhealthy: bool = False
    keeper_gone: bool = False


@dataclass(frozen=True, slots=True)
class GateLimits:
    """Durations in seconds."""

    stop_timeout: float
    """From the order to stop until COMMAND is killed."""
    term_grace: float
    """Of that, what is left to COMMAND after TERM."""
    leftover_grace: float
    hang_grace: float
    """For a COMMAND that is deaf or unhealthy to end."""
    after_idle: bool
    """A hand-over waits until COMMAND is quiet."""


def may_take(facts: GateFacts) -> bool:
    """Whether the guard may take the lease when it is free."""
    leaves = facts.ending is not None or facts.stop_at is not None or facts.keeper_gone
    return facts.ready and facts.work is Work.RUNNING and not leaves and not facts.stepping_back


def decide(facts: GateFacts, limits: GateLimits, now: float) -> Decision:
    """The next action in gate mode; to be asked again after each action and each change."""
    if facts.work is not Work.ABSENT:
        return _alive(facts, limits, now)
    if facts.leased:
        return Decision(Action.RELEASE)
    if facts.keeper_gone:
        return Decision(Action.EXIT, code=exit_codes.INTERNAL)
    if facts.code is not None:
        reason = facts.ending.reason if facts.ending else Reason.EXITED
        return Decision(Action.EXIT, code=exit_code(reason, facts.code))
    if facts.stop_at is not None:
        return Decision(Action.EXIT, code=exit_codes.OK)
    return Decision(Action.WAIT if facts.started else Action.START)


def _alive(facts: GateFacts, limits: GateLimits, now: float) -> Decision:
    if facts.killing:
        return Decision(Action.WAIT)
    if facts.keeper_gone:
        return Decision(Action.KILL, Ending(Reason.KEEPER, now))
    if facts.ending is not None:
        if now >= facts.ending.limit:
            return Decision(Action.KILL, facts.ending)
        return Decision(Action.WAIT, again_at=facts.ending.limit)
    if facts.work is Work.LEFTOVERS:
        if facts.leased:
            return Decision(Action.RELEASE)
        return Decision(Action.END, Ending(Reason.EXITED, now + limits.leftover_grace))
    if facts.stop_at is not None:
        return _stop(facts, limits, facts.stop_at, now)
    if facts.unhealthy or facts.deaf:
        reason = Reason.UNHEALTHY if facts.unhealthy else Reason.DEAF
        return Decision(Action.END, Ending(reason, now + limits.hang_grace))
    if facts.leased and facts.handover_at is not None:
        limit = facts.handover_at + limits.stop_timeout
        if limits.after_idle and not _quiet(facts, now) and now < limit:
            return Decision(Action.PAUSE, again_at=_earlier(facts.quiet_at, limit))
        return Decision(Action.HAND_OVER)
    return Decision(Action.WAIT)


def _stop(facts: GateFacts, limits: GateLimits, stop_at: float, now: float) -> Decision:
    # The lease passes first; what COMMAND still has to answer goes on through the gate.
    kill_at = stop_at + limits.stop_timeout
    term_at = max(stop_at, kill_at - limits.term_grace)
    if facts.leased and limits.after_idle and not _quiet(facts, now) and now < term_at:
        return Decision(Action.PAUSE, again_at=_earlier(facts.quiet_at, term_at))
    if facts.leased:
        return Decision(Action.HAND_OVER)
    if _quiet(facts, now) or now >= term_at:
        return Decision(Action.END, Ending(Reason.STOP, kill_at))
    return Decision(Action.WAIT, again_at=_earlier(facts.quiet_at, term_at))


def _quiet(facts: GateFacts, now: float) -> bool:
    return facts.quiet_at is not None and now >= facts.quiet_at


def _earlier(one: float | None, other: float) -> float:
    return other if one is None else min(one, other)
