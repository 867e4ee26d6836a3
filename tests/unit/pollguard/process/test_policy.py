"""What the guard decides: single decisions, and two simulated guards on a bad network with a clock of
their own, over which no two commands may ever be alive."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lease_model import LeaseModel, Reply
from pollguard import exit_codes
from pollguard.config import Margins
from pollguard.lease.model import Answer, Take, next_request
from pollguard.policy import Action, Ending, Reason
from pollguard.process.policy import Facts, Limits, decide, may_take
from pollguard.supervisor.command import Work

MARGINS = Margins()  # ttl 3, renew 0.5, TERM at 1.5 s after the last renewal, KILL at 2.5 s
LIMITS = Limits(stop_timeout=25.0, leftover_grace=2.0)
ACTIVE = Facts(renewed_at=10.0, work=Work.RUNNING)
ENDED = Facts(renewed_at=10.0, code=3)


@pytest.mark.parametrize(
    ("facts", "now", "action", "reason", "limit"),
    [
        (Facts(), 10.0, Action.WAIT, None, None),
        (Facts(stop=True), 10.0, Action.EXIT, None, None),
        (Facts(renewed_at=10.0), 10.1, Action.START, None, None),
        # The lease came late: not enough of it is left to start anything.
        (Facts(renewed_at=10.0), 11.6, Action.WAIT, None, None),
        (Facts(renewed_at=10.0), 13.0, Action.DROP, None, None),
        (Facts(renewed_at=10.0, stepping_back=True), 10.1, Action.RELEASE, None, None),
        (Facts(renewed_at=10.0, stop=True), 10.1, Action.RELEASE, None, None),
        (ACTIVE, 10.1, Action.WAIT, None, None),
        (replace(ACTIVE, stop=True), 10.1, Action.END, Reason.STOP, 35.1),
        (replace(ACTIVE, handover=True), 10.1, Action.END, Reason.HANDOVER, 35.1),
        (replace(ACTIVE, deaf=True), 10.1, Action.END, Reason.DEAF, 35.1),
        (replace(ACTIVE, unhealthy=True), 10.1, Action.END, Reason.UNHEALTHY, 35.1),
        (replace(ACTIVE, work=Work.LEFTOVERS), 10.1, Action.END, Reason.EXITED, 12.1),
        (ACTIVE, 11.5, Action.END, Reason.LEASE, 36.5),
        (ACTIVE, 12.5, Action.KILL, Reason.LEASE, 12.5),
        (replace(ACTIVE, renewed_at=None), 10.1, Action.KILL, Reason.LEASE, 10.1),
        (replace(ACTIVE, keeper_gone=True), 10.1, Action.KILL, Reason.KEEPER, 10.1),
        (replace(ACTIVE, ending=Ending(Reason.STOP, 12.0), stop=True), 11.9, Action.WAIT, None, None),
        (replace(ACTIVE, ending=Ending(Reason.STOP, 12.0), stop=True), 12.0, Action.KILL, Reason.STOP, 12.0),
        # The lease ends first: the time that COMMAND was given doesn't matter any more.
        (replace(ACTIVE, ending=Ending(Reason.STOP, 35.0), stop=True), 12.5, Action.KILL, Reason.STOP, 35.0),
        (replace(ACTIVE, ending=Ending(Reason.DEAF, 20.0), stop=True), 11.0, Action.END, Reason.STOP, 20.0),
        (replace(ACTIVE, renewed_at=None, killing=True), 10.1, Action.WAIT, None, None),
    ],
)
def test_decision(
    facts: Facts, now: float, action: Action, reason: Reason | None, limit: float | None
) -> None:
    decision = decide(facts, MARGINS, LIMITS, now)
    assert decision.action is action
    assert (decision.ending.reason if decision.ending else None) is reason
    if limit is not None:
        assert decision.ending == Ending(reason, pytest.approx(limit))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reason", "stop", "code", "expected"),
    [
        (None, False, 3, 3),
        (None, False, 137, 137),
        (Reason.EXITED, False, 0, 0),
        (Reason.STOP, True, 143, 143),
        (Reason.DEAF, False, 0, exit_codes.DEAF),
        (Reason.UNHEALTHY, False, 143, exit_codes.UNHEALTHY),
        (Reason.HANDOVER, True, 5, 5),
        (Reason.HANDOVER, False, 5, None),
        (Reason.LEASE, False, 137, None),
    ],
)
def test_after_the_end(reason: Reason | None, stop: bool, code: int, expected: int | None) -> None:
    """Release first, then exit, or go on as a standby."""
    ended = replace(ENDED, code=code, stop=stop, ending=Ending(reason, 11.0) if reason else None)
    assert decide(ended, MARGINS, LIMITS, 10.1).action is Action.RELEASE
    assert not may_take(ended)
    decision = decide(replace(ended, renewed_at=None), MARGINS, LIMITS, 10.1)
    if expected is None:
        assert decision.action is Action.RETIRE
    else:
        assert (decision.action, decision.code) == (Action.EXIT, expected)


def test_a_dead_keeper_ends_the_guard() -> None:
    gone = Facts(renewed_at=10.0, keeper_gone=True, code=137)
    assert decide(gone, MARGINS, LIMITS, 10.1).action is Action.RELEASE
    assert decide(replace(gone, renewed_at=None), MARGINS, LIMITS, 10.1).code == exit_codes.INTERNAL


STEP = 0.02
KILL_TAKES = 0.06
"""How long the kernel and a busy machine may take to carry a SIGKILL out; below kill_margin."""


@dataclass
class Request:
    """A request on its way: `there_at` Redis, answer `back_at` the guard; None is lost."""

    kind: str
    asked_at: float
    there_at: float | None
    back_at: float | None
    reply: Reply | None = None
    left: float = 0.0


@dataclass
class SimulatedGuard:
    """The driver around decide(), with a keeper, a command and an unreliable way to Redis."""

    name: str
    redis: LeaseModel
    network: list[tuple[float | None, float | None]]
    frozen: list[tuple[float, float]]
    command_ends_in: float | None
    facts: Facts = field(default_factory=Facts)
    token: int = 0
    epoch: int = 0
    keeper_deadline: float = 0.0
    dies_at: float | None = None
    next_request_at: float = 0.0
    requests: list[Request] = field(default_factory=list)
    alive: bool = False
    turn: int = 0
    starts: int = 0
    crashes: list[int] = field(default_factory=list)
    back_at: float = 0.0

    def crash(self, now: float) -> None:
        """SIGKILL: the keeper kills the command, and what comes back half a second later knows nothing."""
        self.facts, self.epoch, self.token = Facts(), 0, self.token + 1
        self.requests.clear()
        self.back_at = self.next_request_at = now + 0.5
        if self.alive:
            self.dies_at = min(self.dies_at or now + KILL_TAKES, now + KILL_TAKES)

    def step(self, now: float) -> None:
        if int(now / STEP) in self.crashes:
            self.crash(now)
        self._redis_side(now)
        # The keeper is a process of its own, and never frozen here.
        if self.alive and now >= self.keeper_deadline:
            self.dies_at = min(self.dies_at or now + KILL_TAKES, now + KILL_TAKES)
        if self.alive and self.dies_at is not None and now >= self.dies_at:
            self.alive = False
        if now < self.back_at or any(start <= now < end for start, end in self.frozen):
            return
        if not self.alive and self.facts.work is Work.RUNNING:
            expired = now >= self.keeper_deadline and self.facts.ending is None
            ending = Ending(Reason.LEASE, now) if expired else self.facts.ending
            self.facts = replace(self.facts, work=Work.ABSENT, code=0, killing=False, ending=ending)
        self._answers(now)
        self._ask(now)
        for _ in range(5):
            if not self._decide(now):
                break

    def _redis_side(self, now: float) -> None:
        for request in self.requests:
            if request.reply is None and request.there_at is not None and now >= request.there_at:
                token = f"{self.name}{self.token}"
                if request.kind == "renew":
                    request.reply = self.redis.renew(now, token, self.epoch, self.name)
                elif request.kind == "attempt":
                    take = Take.EXPIRED if may_take(self.facts) else Take.NONE
                    request.reply = self.redis.attempt(now, token, self.name, self.epoch, take)
                request.left = self.redis.left(now)

    def _answers(self, now: float) -> None:
        for request in list(self.requests):
            back = request.back_at is not None and now >= request.back_at and request.reply is not None
            if back:
                self.requests.remove(request)
                assert request.reply is not None
                mine, holder, epoch = request.reply
                self.epoch = max(self.epoch, epoch)
                self.facts = replace(self.facts, renewed_at=request.asked_at if mine else None)
                if mine and self.alive:
                    self.keeper_deadline = MARGINS.kill_at(request.asked_at)
                answer = Answer(mine, holder, epoch, request.left, (), now)
                renewed_at = request.asked_at if mine else None
                self.next_request_at = next_request(renewed_at, answer, MARGINS, request.asked_at)
            elif now >= request.asked_at + MARGINS.request_timeout:
                self.requests.remove(request)
                self.next_request_at = now + 0.1

    def _ask(self, now: float) -> None:
        if self.requests or now < self.next_request_at:
            return
        to, back = self.network[self.turn % len(self.network)]
        self.turn += 1
        there_at = None if to is None else now + to
        back_at = None if there_at is None or back is None else there_at + back
        kind = "attempt" if self.facts.renewed_at is None else "renew"
        self.requests.append(Request(kind, now, there_at, back_at))

    def _decide(self, now: float) -> bool:
        decision = decide(self.facts, MARGINS, LIMITS, now)
        match decision.action:
            case Action.START:
                assert self.facts.renewed_at is not None
                self.alive, self.dies_at = True, None
                self.starts += 1
                self.keeper_deadline = MARGINS.kill_at(self.facts.renewed_at)
                self.facts = replace(self.facts, work=Work.RUNNING)
            case Action.END:
                self.facts = replace(self.facts, ending=decision.ending)
                if self.command_ends_in is not None:
                    self.dies_at = now + self.command_ends_in
            case Action.KILL:
                self.facts = replace(self.facts, ending=decision.ending, killing=True)
                self.dies_at = now + KILL_TAKES
            case Action.RELEASE:
                # Serialised with requests by a lock; its own failure only costs time.
                if self.requests:
                    return False
                self.redis.release(now, f"{self.name}{self.token}")
                self.facts = replace(self.facts, renewed_at=None)
                self.token += 1
            case Action.DROP:
                if self.requests:
                    return False
                self.facts = replace(self.facts, renewed_at=None)
                self.token += 1
            case Action.RETIRE:
                self.facts = Facts()
            case _:
                return False
        return True


latencies = st.one_of(st.none(), st.floats(0.0, 0.9))
networks = st.lists(st.tuples(latencies, latencies), min_size=1, max_size=30)
freezes = st.lists(
    st.tuples(st.floats(0.0, 25.0), st.floats(0.1, 8.0)).map(lambda f: (f[0], f[0] + f[1])), max_size=3
)


@given(
    networks=st.tuples(networks, networks),
    frozen=st.tuples(freezes, freezes),
    ends_in=st.tuples(st.one_of(st.none(), st.floats(0, 5)), st.one_of(st.none(), st.floats(0, 5))),
    wiped=st.lists(st.integers(0, int(25 / STEP)), max_size=4),
    crashes=st.tuples(*[st.lists(st.integers(0, int(25 / STEP)), max_size=3)] * 2),
    vanished=st.lists(st.integers(0, int(25 / STEP)), max_size=4),
)
@settings(max_examples=60, deadline=None)
def test_two_commands_are_never_alive(
    networks: tuple[list[tuple[float | None, float | None]], ...],
    frozen: tuple[list[tuple[float, float]], ...],
    ends_in: tuple[float | None, float | None],
    wiped: list[int],
    crashes: tuple[list[int], ...],
    vanished: list[int],
) -> None:
    redis = LeaseModel(MARGINS.ttl)
    guards = [
        SimulatedGuard(name, redis, networks[i], frozen[i], ends_in[i], crashes=crashes[i])
        for i, name in enumerate("ab")
    ]
    for tick in range(int(25 / STEP)):
        now = tick * STEP
        for guard in guards if tick % 2 else reversed(guards):
            guard.step(now)
        alive = [g for g in guards if g.alive]
        assert len(alive) <= 1, f"two at {now:.2f}"
        if alive and not (wiped or vanished):
            held = redis.holder(now)
            assert held is not None, f"{alive[0].name} without a lease at {now:.2f}"
            assert held[2] == alive[0].name
        if tick in wiped:
            redis.wipe()
        if tick in vanished:
            redis.vanish()
    # Of a Redis that was emptied before anybody heard of its first epoch, nobody can know.
    assert wiped or redis.history == sorted(set(redis.history)), "epochs only grow"


def test_the_simulated_guards_do_work() -> None:
    """So that the property above isn't true for want of any command."""
    redis = LeaseModel(MARGINS.ttl, until=0.0)
    one, two = (
        SimulatedGuard("a", redis, [(0.01, 0.01)], [(5.0, 12.0)], 0.5),
        SimulatedGuard("b", redis, [(0.01, 0.01)], [(15.0, 25.0)], 0.5),
    )
    for tick in range(int(22 / STEP)):
        one.step(tick * STEP)
        two.step(tick * STEP)
    assert (one.starts, two.starts) == (2, 1)
    assert one.alive
    assert not two.alive
