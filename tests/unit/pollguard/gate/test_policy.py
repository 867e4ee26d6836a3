"""What the guard decides in gate mode."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pollguard import exit_codes
from pollguard.gate.policy import GateFacts, GateLimits, decide, may_take
from pollguard.policy import Action, Ending, Reason
from pollguard.supervisor.command import Work

LIMITS = GateLimits(stop_timeout=25.0, term_grace=10.0, leftover_grace=2.0, hang_grace=5.0, after_idle=False)
PATIENT = replace(LIMITS, after_idle=True)
NEW = GateFacts()
STANDBY = GateFacts(work=Work.RUNNING, started=True, ready=True, quiet_at=0.0)
ACTIVE = replace(STANDBY, leased=True)
BUSY = replace(ACTIVE, quiet_at=None)
ENDED = GateFacts(started=True, code=3)


@pytest.mark.parametrize(
    ("facts", "action", "ending"),
    [
        (NEW, Action.START, None),
        (replace(NEW, started=True), Action.WAIT, None),  # its start is on the way
        (replace(NEW, stop_at=100.0), Action.EXIT, None),
        (STANDBY, Action.WAIT, None),
        (ACTIVE, Action.WAIT, None),
        (BUSY, Action.WAIT, None),
        (replace(ACTIVE, handover_at=100.0), Action.HAND_OVER, None),
        (replace(BUSY, handover_at=100.0), Action.HAND_OVER, None),
        (replace(STANDBY, handover_at=100.0), Action.WAIT, None),
        (replace(ACTIVE, deaf=True), Action.END, Ending(Reason.DEAF, 105.0)),
        (replace(STANDBY, deaf=True), Action.END, Ending(Reason.DEAF, 105.0)),
        (replace(ACTIVE, unhealthy=True, deaf=True), Action.END, Ending(Reason.UNHEALTHY, 105.0)),
        (replace(ACTIVE, work=Work.LEFTOVERS), Action.RELEASE, None),
        (replace(STANDBY, work=Work.LEFTOVERS), Action.END, Ending(Reason.EXITED, 102.0)),
        (replace(ACTIVE, keeper_gone=True), Action.KILL, Ending(Reason.KEEPER, 100.0)),
        (replace(ACTIVE, keeper_gone=True, killing=True), Action.WAIT, None),
        (replace(ACTIVE, ending=Ending(Reason.DEAF, 101.0)), Action.WAIT, None),
        (replace(ACTIVE, ending=Ending(Reason.DEAF, 100.0)), Action.KILL, Ending(Reason.DEAF, 100.0)),
        # What COMMAND had isn't handed over when it has ended: the next begins at what is confirmed.
        (replace(ENDED, leased=True), Action.RELEASE, None),
        (replace(ENDED, leased=True, handover_at=99.0), Action.RELEASE, None),
    ],
)
def test_decision(facts: GateFacts, action: Action, ending: Ending | None) -> None:
    decision = decide(facts, LIMITS, 100.0)
    assert (decision.action, decision.ending) == (action, ending)


@pytest.mark.parametrize(
    ("facts", "now", "limits", "action", "again_at"),
    [
        # The lease first, whatever COMMAND is at.
        (BUSY, 100.0, LIMITS, Action.HAND_OVER, None),
        # Then it is left to its work, until it is quiet …
        (replace(BUSY, leased=False), 100.0, LIMITS, Action.WAIT, 115.0),
        (replace(STANDBY, quiet_at=104.0), 100.0, LIMITS, Action.WAIT, 104.0),
        (replace(STANDBY, quiet_at=104.0), 104.0, LIMITS, Action.END, None),
        # … or TERM leaves it just its grace.
        (replace(BUSY, leased=False), 115.0, LIMITS, Action.END, None),
        (STANDBY, 100.0, LIMITS, Action.END, None),
        # after_idle: the lease waits, too; but what comes next is only paused.
        (BUSY, 100.0, PATIENT, Action.PAUSE, 115.0),
        (replace(ACTIVE, quiet_at=104.0), 100.0, PATIENT, Action.PAUSE, 104.0),
        (replace(ACTIVE, quiet_at=104.0), 104.0, PATIENT, Action.HAND_OVER, None),
        (BUSY, 115.0, PATIENT, Action.HAND_OVER, None),
    ],
)
def test_stop(
    facts: GateFacts, now: float, limits: GateLimits, action: Action, again_at: float | None
) -> None:
    decision = decide(replace(facts, stop_at=100.0), limits, now)
    assert (decision.action, decision.again_at) == (action, again_at)
    if action is Action.END:
        assert decision.ending == Ending(Reason.STOP, 125.0)


def test_a_stop_that_leaves_no_time_ends_at_once() -> None:
    decision = decide(replace(BUSY, leased=False, stop_at=100.0), replace(LIMITS, stop_timeout=0.0), 100.0)
    assert decision.action is Action.END
    assert decision.ending == Ending(Reason.STOP, 100.0)


@pytest.mark.parametrize(
    ("quiet_at", "now", "action", "again_at"),
    [
        (None, 100.0, Action.PAUSE, 125.0),
        (104.0, 100.0, Action.PAUSE, 104.0),
        (104.0, 104.0, Action.HAND_OVER, None),
        (None, 125.0, Action.HAND_OVER, None),
    ],
)
def test_a_hand_over_after_idle(
    quiet_at: float | None, now: float, action: Action, again_at: float | None
) -> None:
    decision = decide(replace(ACTIVE, quiet_at=quiet_at, handover_at=100.0), PATIENT, now)
    assert (decision.action, decision.again_at) == (action, again_at)


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (ENDED, 3),
        (replace(ENDED, code=0), 0),
        (replace(ENDED, ending=Ending(Reason.STOP, 1.0), code=143), 143),
        (replace(ENDED, ending=Ending(Reason.DEAF, 1.0), code=0), exit_codes.DEAF),
        (replace(ENDED, ending=Ending(Reason.UNHEALTHY, 1.0), code=0), exit_codes.UNHEALTHY),
        (replace(ENDED, ending=Ending(Reason.EXITED, 1.0), code=5), 5),
        (replace(ENDED, keeper_gone=True, code=None), exit_codes.INTERNAL),
        (replace(NEW, stop_at=1.0), exit_codes.OK),
    ],
)
def test_exit_codes(facts: GateFacts, code: int) -> None:
    decision = decide(facts, LIMITS, 100.0)
    assert (decision.action, decision.code) == (Action.EXIT, code)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (STANDBY, True),
        (replace(STANDBY, ready=False), False),
        (replace(STANDBY, work=Work.ABSENT), False),
        (replace(STANDBY, work=Work.LEFTOVERS), False),
        (replace(STANDBY, stop_at=1.0), False),
        (replace(STANDBY, ending=Ending(Reason.DEAF, 1.0)), False),
        (replace(STANDBY, stepping_back=True), False),
        (replace(STANDBY, keeper_gone=True), False),
    ],
)
def test_who_may_take(facts: GateFacts, expected: bool) -> None:
    assert may_take(facts) is expected


times = st.none() | st.floats(0.0, 200.0)
endings = st.none() | st.builds(Ending, st.sampled_from(Reason), st.floats(0.0, 200.0))


@given(
    facts=st.builds(
        GateFacts,
        leased=st.booleans(),
        work=st.sampled_from(Work),
        started=st.booleans(),
        code=st.none() | st.integers(0, 255),
        ending=endings,
        killing=st.booleans(),
        stop_at=times,
        handover_at=times,
        quiet_at=times,
        stepping_back=st.booleans(),
        ready=st.booleans(),
        deaf=st.booleans(),
        unhealthy=st.booleans(),
        keeper_gone=st.booleans(),
    ),
    now=st.floats(0.0, 300.0),
    after_idle=st.booleans(),
)
def test_rules(facts: GateFacts, now: float, after_idle: bool) -> None:
    decision = decide(facts, replace(LIMITS, after_idle=after_idle), now)
    if decision.action is Action.EXIT:
        assert not facts.leased, "the lease is given up before the guard is gone"
        assert facts.work is Work.ABSENT
    if decision.action is Action.START:
        assert not facts.started, "COMMAND runs once in a guard's life"
    if decision.action is Action.HAND_OVER:
        assert facts.work is Work.RUNNING
        assert facts.leased
    if decision.action is Action.END and facts.stop_at is not None and facts.work is Work.RUNNING:
        assert not facts.leased, "TERM comes after the lease has passed"
    if decision.again_at is not None:
        assert decision.again_at > now or decision.action is Action.PAUSE, "it would ask for ever"
