"""Two guards in gate mode, and what kills or freezes one of them."""

from __future__ import annotations

import os
import signal

import pytest
from gate_harness import MakeGate, start_pair
from pollguard_harness import boot_time, wait_for
from standin_process import Account, monotonic

TTL = 1.2
DEFAULTS = dict.fromkeys(
    ("POLLGUARD_TTL", "POLLGUARD_RENEW", "POLLGUARD_REDIS_TIMEOUT", "POLLGUARD_TERM_GRACE"), ""
)


def sleep(seconds: float) -> None:
    """Let something not happen meanwhile."""
    until = boot_time() + seconds
    wait_for(lambda: boot_time() > until, seconds + 1)


@pytest.mark.parametrize("redeliver", ["true", "false"])
def test_kill_of_the_bot(make_gate: MakeGate, account: Account, redeliver: str) -> None:
    """What it was at comes again, or doesn't."""
    active, _ = start_pair(make_gate, "--handler=0.5", "--in-turn", POLLGUARD_REDELIVER_AFTER_CRASH=redeliver)
    update = account.say("first")
    active.folder.wait_event("got", "one")
    at = monotonic()
    os.kill(active.bot_pid, signal.SIGKILL)
    assert account.wait_polled_by("two", since=at) - at <= 0.5
    assert active.wait() == 128 + signal.SIGKILL
    account.say("second")
    assert account.wait_answer("second") == "two"
    assert ("first | two" in account.answers()) == (redeliver == "true")
    got = [event["name"] for event in active.folder.events("got") if event["update"] == update]
    assert got == (["one", "two"] if redeliver == "true" else ["one"])
    assert account.polls()["overlaps"] == 0


@pytest.mark.parametrize("env", [{}, DEFAULTS], ids=["quick", "defaults"])
def test_kill_of_the_guard(make_gate: MakeGate, account: Account, env: dict[str, str]) -> None:
    active, _ = start_pair(make_gate, **env)
    bot = active.bot_pid
    at = monotonic()
    active.signal(signal.SIGKILL)
    assert account.wait_polled_by("two", since=at) - at <= (3.0 if env else TTL) + 0.5
    with pytest.raises(ProcessLookupError):
        os.kill(bot, 0)
    account.say("hello")
    assert account.wait_answer("hello") == "two"
    assert account.polls()["overlaps"] == 0


def test_a_crashed_bot_comes_back_as_a_standby(make_gate: MakeGate, account: Account) -> None:
    active, standby = start_pair(make_gate)
    os.kill(active.bot_pid, signal.SIGKILL)
    assert active.wait() == 128 + signal.SIGKILL
    active.start()  # as Docker would
    active.wait_standby()
    assert (active.role, standby.role) == ("standby", "active")


def test_a_frozen_guard_delivers_nothing_of_what_it_had(make_gate: MakeGate, account: Account) -> None:
    """It wakes with an answer of Telegram's in its hands that another has handed out since."""
    active, standby = start_pair(make_gate)
    active.signal(signal.SIGSTOP)
    update = account.say("first")  # the frozen guard's poll gets it
    assert account.wait_answer("first", within=TTL + 2) == "two"
    active.signal(signal.SIGCONT)
    wait_for(lambda: (active.status() or {})["holder"] == "two", what="it sees who is active")
    account.say("second")
    assert account.wait_answer("second") == "two"
    got = [event["name"] for event in active.folder.events("got") if event["update"] == update]
    assert got == ["two"]
    assert account.answers() == {"first | two": 1, "second | two": 1}
    assert (active.role, standby.role) == ("standby", "active")
    active.wait_standby()
    status = active.status()
    assert status is not None
    assert status["conflicts"] == 0, "the other guard isn't a stranger"


def test_a_frozen_guard_sends_no_answer_that_another_gives(make_gate: MakeGate, account: Account) -> None:
    """It wakes with an answer of its bot's in its hands, to an update that came again elsewhere."""
    active, _ = start_pair(make_gate, "--handler=0.4", "--in-turn", POLLGUARD_QUIET="1")
    account.say("first")
    active.folder.wait_event("got", "one")
    active.signal(signal.SIGSTOP)
    assert account.wait_answer("first", within=TTL + 2) == "two"
    active.signal(signal.SIGCONT)
    refused = active.folder.wait_event("unanswered", "one")
    assert "another poller was given this update again" in refused["error"]
    assert account.answers() == {"first | two": 1}
    active.wait_standby()
    assert account.polls()["overlaps"] == 0


def test_a_frozen_guard_sends_an_answer_that_nobody_else_gives(make_gate: MakeGate, account: Account) -> None:
    """Its bot had polled past the update, so Telegram has forgotten it."""
    active, _ = start_pair(make_gate, "--handler=0.4", POLLGUARD_QUIET="1")
    update = account.say("first")
    active.folder.wait_event("got", "one")
    wait_for(
        lambda: [one for one in account.log() if one["params"].get("offset") == str(update + 1)],
        what="it polls past",
    )
    active.signal(signal.SIGSTOP)
    account.wait_polled_by("two")
    active.signal(signal.SIGCONT)
    assert account.wait_answer("first") == "one"
    assert account.answers() == {"first | one": 1}


def test_a_frozen_guard_that_nobody_missed_polls_on(make_gate: MakeGate, account: Account) -> None:
    active = make_gate("one").start().wait_active()
    for text in ("first", "second"):
        active.signal(signal.SIGSTOP)
        sleep(TTL + 0.3)
        active.signal(signal.SIGCONT)
        account.say(text)
        assert account.wait_answer(text, within=2) == "one"
    assert set(account.answers().values()) == {1}


def test_a_frozen_bot_is_not_polled_for(make_gate: MakeGate, account: Account) -> None:
    """Its poll is held and what comes is handed out, but never confirmed: once it is ended as deaf, what it
    had comes to the other."""
    active, _ = start_pair(make_gate, "--timeout=1", POLLGUARD_POLL_MAX_AGE="1", POLLGUARD_STOP_TIMEOUT="1")
    os.kill(active.bot_pid, signal.SIGSTOP)
    account.say("first")
    assert active.wait() == 75
    assert account.wait_answer("first") == "two"
    assert account.answers() == {"first | two": 1}


def test_kill_of_the_keeper(make_gate: MakeGate, account: Account) -> None:
    active, _ = start_pair(make_gate)
    at = monotonic()
    os.kill(active.keeper_pid, signal.SIGKILL)
    assert account.wait_polled_by("two", since=at) - at <= 0.7
    assert active.wait() == 70


def test_crash_loop_under_load(make_gate: MakeGate, account: Account) -> None:
    """Both bots crash again and again and are restarted, as Docker would: nothing is lost.

    Of a bot that polls on before it has answered, a crash does lose what it is at.
    """
    crashing = ("--crash-after=0.7", "--timeout=2", "--in-turn")
    guards = [make_gate(name).start(*crashing) for name in ("one", "two")]
    account.start_load(20)

    def ended() -> list[int]:
        return [i for i, guard in enumerate(guards) if guard.process and guard.process.poll() is not None]

    for _ in range(5):
        for i in wait_for(ended):
            guards[i].start(*crashing)
    for i in wait_for(ended):
        guards[i].start()
    said = account.stop_load()
    # A busy machine has a backlog by now.
    wait_for(
        lambda: {one.rpartition(" | ")[0] for one in account.answers()} >= set(said),
        within=30,
        what="all answered",
    )
    assert account.polls()["overlaps"] == 0
