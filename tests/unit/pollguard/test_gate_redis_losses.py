"""Redis evicts keys, or all of them, under guards in gate mode."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections import Counter
from collections.abc import Iterator

from gate_harness import MakeGate, start_pair
from pollguard.cli.client import ask
from pollguard.lease.model import Keys
from pollguard_harness import LEASE, RedisServer, boot_time, wait_for
from standin_process import Account, monotonic

TTL = 1.2
KEYS = Keys(LEASE)


@contextlib.contextmanager
def evicting(server: RedisServer, *keys: str, every: float) -> Iterator[None]:
    """Lose the keys again and again meanwhile."""
    over = threading.Event()

    def evict() -> None:
        client = server.client
        while not over.wait(every):
            client.delete(*keys)

    thread = threading.Thread(target=evict)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_a_handover_finds_the_standbys_that_redis_forgot(
    make_gate: MakeGate, account: Account, redis_server: RedisServer
) -> None:
    active, _standby = start_pair(make_gate, POLLGUARD_RENEW="0.5")
    with evicting(redis_server, KEYS.standbys, every=0.01):
        active.wait_standbys()
    assert ask(active.env, {"do": "handover"}, timeout=10)["outcome"] == "taken"
    account.say("hello")
    assert account.wait_answer("hello") == "two"
    assert account.polls()["overlaps"] == 0


def test_a_free_lease_is_taken_however_often_redis_forgets_it(
    make_gate: MakeGate, account: Account, redis_server: RedisServer
) -> None:
    active, _standby = start_pair(make_gate)
    at = monotonic()
    with evicting(redis_server, KEYS.state, every=0.05):
        active.signal(signal.SIGKILL)
        # Until the lease ends, one time to live for a holder that Redis may have forgotten, and some beats.
        assert account.wait_polled_by("two", since=at, within=3 * TTL) - at <= 2 * TTL + 1
    account.say("hello")
    assert account.wait_answer("hello") == "two"


def test_who_holds_a_lease_that_redis_forgets_again_and_again_keeps_it(
    make_gate: MakeGate, account: Account, redis_server: RedisServer
) -> None:
    """Its renewals are lost as fast as the standby can ask: that still knows of them by the notices."""
    active, standby = start_pair(make_gate)
    with evicting(redis_server, *KEYS.all, every=0.03):
        until = boot_time() + 4 * TTL
        wait_for(lambda: boot_time() > until, 5 * TTL)
        assert (active.role, standby.role) == ("active", "standby")
        account.say("hello")
        assert account.wait_answer("hello") == "one"
    assert (active.status() or {})["takes"] == 1
    assert account.polls()["overlaps"] == 0


def test_a_redis_that_is_emptied_inside_a_handover_repeats_nothing(
    make_gate: MakeGate, account: Account, redis_server: RedisServer
) -> None:
    """The next active finds no position there, and goes on where the former one said that it was."""
    active, standby = start_pair(make_gate, "--handler=0.2", "--in-turn", POLLGUARD_STEP_BACK="10")
    standby.signal(signal.SIGSTOP)
    said = [f"text {number}" for number in range(5)]
    for text in said:
        account.say(text)
    active.folder.wait_event("got", "one", count=2)
    ordered = threading.Thread(target=ask, args=(active.env, {"do": "handover"}, 20))
    ordered.start()
    wait_for(lambda: not redis_server.client.get(LEASE), what="the lease is released")
    redis_server.client.flushall()
    standby.signal(signal.SIGCONT)
    ordered.join()
    account.wait_all_answered(said)
    account.say("after")
    assert account.wait_answer("after") == "two"
    assert set(account.answers().values()) == {1}
    assert Counter(one.rpartition(" | ")[0] for one in account.answers()) == Counter([*said, "after"])
    assert account.polls()["overlaps"] == 0


def test_a_bot_that_polls_now_and_then_is_ready_all_the_time(make_gate: MakeGate, account: Account) -> None:
    make_gate("two").start("--timeout=0", "--pause=3").wait_active()
    active = make_gate("one").start("--timeout=0", "--pause=3")
    standby_of = {"one": "two", "two": "one"}
    active.folder.wait_event("start", "one")
    until = boot_time() + 8
    wait_for(lambda: boot_time() > until, 9)
    until = boot_time() + 4
    while boot_time() < until:
        status = active.status() or {}
        assert status["standbys"] == [standby_of[status["holder"]]]


def test_a_position_far_above_telegrams_queue_keeps_nothing_back(
    make_gate: MakeGate, account: Account, redis_server: RedisServer
) -> None:
    """After a quiet week Telegram goes on with ids of its choice."""
    redis_server.client.hset(KEYS.state, mapping={"delivered": 10**12, "confirmed": 10**12})
    active, standby = start_pair(make_gate, "--timeout=2")
    said = [f"text {number}" for number in range(4)]
    for text in said[:2]:
        account.say(text)
    account.wait_all_answered(said[:2])
    assert active.tool("handover").returncode == 0
    for text in said[2:]:
        account.say(text)
    account.wait_all_answered(said)
    assert {account.wait_answer(text) for text in said[2:]} == {standby.name}
    assert account.polls()["overlaps"] == 0
