"""Two guards with real commands: exactly one runs at any time, and the other takes over in time.

`make_guard` asserts at the end of each test that no two bots were alive at once: bots hold a file lock.
"""

from __future__ import annotations

import os
import signal

import pytest
from pollguard_harness import Folder, GuardProcess, MakeGuard, boot_time, wait_for

TTL = 1.2
DEFAULTS = dict.fromkeys(
    ("POLLGUARD_TTL", "POLLGUARD_RENEW", "POLLGUARD_REDIS_TIMEOUT", "POLLGUARD_TERM_GRACE"), ""
)


def start_pair(make_guard: MakeGuard, *options: str, **env: str) -> tuple[GuardProcess, GuardProcess]:
    """An active and a standby."""
    active = make_guard("one").start(*options, env=env)
    active.folder.wait_event("start", "one")
    standby = make_guard("two").start(*options, env=env)
    standby.wait_standby()
    return active, standby


def test_a_standby_starts_nothing(make_guard: MakeGuard, folder: Folder) -> None:
    active, standby = start_pair(make_guard)
    status = standby.status()
    assert status is not None
    assert status["role"] == "standby"
    assert status["holder"] == "one"
    assert status["command_pid"] is None
    wait_for(lambda: (active.status() or {})["standbys"] == ["two"], what="the active knows of it")
    assert folder.events("start", "two") == []


def test_term_lets_the_bot_finish_and_hands_over_at_once(make_guard: MakeGuard, folder: Folder) -> None:
    # More than TTL: a tool that stopped renewing at TERM would let the next one start on top.
    active, standby = start_pair(make_guard, "--drain=1.8", "--term-code=7")
    active.signal(signal.SIGTERM)
    assert active.wait() == 7
    ended = folder.wait_event("end", "one")["at"]
    started = folder.wait_event("start", "two")["at"]
    assert ended - folder.events("term", "one")[0]["at"] >= 1.8
    assert 0 <= started - ended <= 0.5
    assert standby.role == "active"


def test_a_bot_that_ignores_term_is_killed_at_the_limit(make_guard: MakeGuard, folder: Folder) -> None:
    active, _ = start_pair(make_guard, "--deaf-to-term", POLLGUARD_STOP_TIMEOUT="0.5")
    at = active.signal(signal.SIGTERM)
    assert active.wait() == 128 + signal.SIGKILL
    assert 0.5 <= folder.wait_event("start", "two")["at"] - at <= 1.5


@pytest.mark.parametrize("env", [{}, DEFAULTS], ids=["quick", "defaults"])
def test_kill_of_the_guard(make_guard: MakeGuard, folder: Folder, env: dict[str, str]) -> None:
    active, _ = start_pair(make_guard, "--escape", **env)
    at = active.signal(signal.SIGKILL)
    # Outside a container, too, nothing of the bot survives its guard: not even what left its session.
    wait_for(lambda: not folder.is_anyone_alive() or folder.events("start", "two"), 0.5)
    assert folder.wait_event("start", "two")["at"] - at <= (3.0 if env else TTL) + 0.5


def test_kill_of_the_bot(make_guard: MakeGuard, folder: Folder) -> None:
    active, _ = start_pair(make_guard, "--escape", POLLGUARD_LEFTOVER_GRACE="0.5")
    at = boot_time()
    os.kill(folder.events("start", "one")[-1]["pid"], signal.SIGKILL)
    assert active.wait() == 128 + signal.SIGKILL
    # What it left ignores TERM and had its grace; the lease was held all the while.
    assert folder.wait_event("start", "two")["at"] - at <= 0.5 + 0.5


def test_a_crash_releases_at_once(make_guard: MakeGuard, folder: Folder) -> None:
    active = make_guard("one").start("--crash-after=1.5", "--code=9")
    folder.wait_event("start", "one")
    make_guard("two").start().wait_standby()
    crashed = folder.wait_event("crash", "one")["at"]
    assert folder.wait_event("start", "two")["at"] - crashed <= 0.5
    assert active.wait() == 9


def test_a_frozen_guard_loses_its_bot_before_its_lease(make_guard: MakeGuard, folder: Folder) -> None:
    active, _ = start_pair(make_guard)
    active.signal(signal.SIGSTOP)
    # The keeper isn't frozen: the bot dies, and only then the standby starts (see make_guard).
    folder.wait_event("start", "two", within=TTL + 1.5)
    active.signal(signal.SIGCONT)
    active.wait_logged("COMMAND ended with code 137")
    wait_for(lambda: active.status()["holder"] == "two", what="it sees who is active")  # type: ignore[index]
    assert active.role == "standby"
    assert len(folder.events("start", "one")) == 1


def test_a_frozen_guard_and_keeper_kill_the_bot_first_thing(make_guard: MakeGuard, folder: Folder) -> None:
    """The whole container but the bot is frozen. Process mode can't help that the bot lives on meanwhile
    (in a container that is paused it is frozen as well); but on waking, it is killed before anything else."""
    active, standby = start_pair(make_guard)
    standby.end()  # so that the lock shows no overlap that can't be helped
    os.kill(active.keeper_pid, signal.SIGSTOP)
    active.signal(signal.SIGSTOP)
    until = boot_time() + TTL + 0.2
    wait_for(lambda: boot_time() > until)
    assert folder.is_anyone_alive()
    os.kill(active.keeper_pid, signal.SIGCONT)
    wait_for(lambda: not folder.is_anyone_alive(), 0.2, "the keeper alone kills it")
    active.signal(signal.SIGCONT)
    folder.wait_event("start", "one", count=2)


def test_a_frozen_keeper_is_replaced_by_its_guard(make_guard: MakeGuard, folder: Folder) -> None:
    active, _ = start_pair(make_guard, POLLGUARD_STOP_TIMEOUT="0.3")
    os.kill(active.keeper_pid, signal.SIGSTOP)
    active.signal(signal.SIGTERM)
    assert active.wait() == 70
    folder.wait_event("start", "two")


def test_kill_of_the_keeper(make_guard: MakeGuard, folder: Folder) -> None:
    active, _ = start_pair(make_guard, "--escape")
    at = boot_time()
    os.kill(active.keeper_pid, signal.SIGKILL)
    assert active.wait() == 70
    assert folder.wait_event("start", "two")["at"] - at <= 0.7


def test_crash_loop_under_a_restart_policy(make_guard: MakeGuard, folder: Folder) -> None:
    """Both bots crash, and are restarted as Docker would: turns are taken, nobody overlaps."""
    guards = [make_guard(name).start("--crash-after=0.15") for name in ("one", "two")]

    def ended(guard: GuardProcess) -> bool:
        assert guard.process is not None
        return guard.process.poll() is not None

    while any(len(folder.events("start", guard.name)) < 3 for guard in guards):
        wait_for(lambda: any(ended(guard) for guard in guards))
        for guard in guards:
            if ended(guard):
                guard.start("--crash-after=0.15")


def test_three_guards_started_at_once(make_guard: MakeGuard, folder: Folder) -> None:
    guards = [make_guard(name).start() for name in ("one", "two", "three")]
    for guard in guards:
        guard.wait_standby()
    folder.wait_event("start")
    assert sorted(guard.role for guard in guards) == ["active", "standby", "standby"]
    assert len(folder.events("start")) == 1
