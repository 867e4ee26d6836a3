"""Whatever is done to a pair of pollers: exactly one polls, the other takes over in time, nothing is lost.

In the fast form every fault is done once, to one of the frameworks, and hand-over and the bot's death to
each; with FAULTS=long every fault to every framework. Frameworks are tried side by side.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import pytest
from faultlab.engine import Engine
from faultlab.faults import Case, Fault, faults
from faultlab.pair import Pair, Poller, Store
from faultlab.standin import Standin
from faultlab.trial import Outcome, run
from lab_client import Lab

SERVER = "aisha-failover"
FRAMEWORKS = ("aiogram", "ptb", "telebot", "telegraf", "grammy")
DEAF_AFTER = 10
# So many at a time: what is measured is meant to wait for the guards, and not for the machine.
JOBS = int(os.environ.get("FAULTS_JOBS", "2"))
PER_SECOND = 5.0
# A machine that is busy with other things is late: what was too slow, and no worse, is tried so often.
ATTEMPTS = 3
TABLE = faults(deaf_after=DEAF_AFTER)
# What is done to all at once, in the end.
SHARED = [name for name, fault in TABLE.items() if fault.needs_host]
EACH = ["hand_over", "kill_bot"]
SPREAD = [name for name in TABLE if name not in (*EACH, *SHARED)]
LONG = os.environ.get("FAULTS") == "long"
PLAN = {
    framework: EACH + (SPREAD if LONG else SPREAD[number :: len(FRAMEWORKS)])
    for number, framework in enumerate(FRAMEWORKS)
}
REDIS_CLI = (
    r"""REDISCLI_AUTH=$(sed -n 's/^requirepass "\(.*\)"$/\1/p' /run/aisha/secret) exec redis-cli "$@" """
)
Outcomes = dict[tuple[str, str], Future[Outcome]]


def pair_of(lab: Lab, framework: str) -> Pair:
    """Return a framework's pair as the role has deployed it."""
    known = lab.variables(SERVER)
    engine = Engine.over_ssh(
        known["lab_address"],
        known["ansible_user"],
        known["ansible_ssh_private_key_file"],
        known["lab_ssh_options"],
    )
    pollers = tuple(Poller(f"{framework}-bot-polling-{number}", f"bot-polling-{number}") for number in (1, 2))
    standin = Standin(known["lab_control_url"], known["telegram_api_url"])
    store = Store(f"{framework}-redis", ("sh", "-c", REDIS_CLI, "sh"))
    return Pair(framework, f"{framework}_bot", pollers, engine, standin, store)


def once(fault: Fault, count: int) -> Fault:
    """Return a fault that is inflicted once, when so many trials have come to it."""
    barrier = threading.Barrier(count)

    def inflict(case: Case) -> None:
        if barrier.wait(60) == 0:
            fault.inflict(case)
        barrier.wait(300)

    return replace(fault, inflict=inflict)


@pytest.fixture(scope="module")
def pairs(lab: Lab) -> dict[str, Pair]:
    """Return all pairs by framework."""
    return {framework: pair_of(lab, framework) for framework in FRAMEWORKS}


@pytest.fixture(scope="module")
def outcomes(pairs: dict[str, Pair]) -> Iterator[Outcomes]:
    """Do all that is planned, side by side; what came of a fault to a framework is waited for by its test."""
    found: Outcomes = {
        (name, framework): Future() for framework in FRAMEWORKS for name in (*PLAN[framework], *SHARED)
    }

    def attempt(framework: str, fault: Fault) -> None:
        future = found[fault.name, framework]
        try:
            for _ in range(1 if fault.needs_host else ATTEMPTS):
                begun = time.monotonic()
                outcome = run(pairs[framework], fault, PER_SECOND)
                print(f"{time.monotonic() - begun:5.1f} s", outcome.as_row(), flush=True)
                if outcome.broken() or not outcome.too_slow:
                    break
        except BaseException as error:  # what it is, the test of this fault says
            future.set_exception(error)
        else:
            future.set_result(outcome)

    together = {name: once(TABLE[name], len(FRAMEWORKS)) for name in SHARED}

    def attempt_planned(framework: str) -> None:
        for name in PLAN[framework]:
            attempt(framework, TABLE[name])

    def attempt_all() -> None:
        with ThreadPoolExecutor(JOBS) as some:
            for framework in FRAMEWORKS:
                some.submit(attempt_planned, framework)
        for fault in together.values():
            with ThreadPoolExecutor(len(FRAMEWORKS)) as every:
                for framework in FRAMEWORKS:
                    every.submit(attempt, framework, fault)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(attempt_all)
        yield found


@pytest.mark.parametrize(
    ("name", "framework"),
    [(name, framework) for framework in FRAMEWORKS for name in (*PLAN[framework], *SHARED)],
)
def test_fault(outcomes: Outcomes, name: str, framework: str) -> None:
    outcome = outcomes[name, framework].result(timeout=1800)
    assert outcome.problems() == [], outcome.as_row()
