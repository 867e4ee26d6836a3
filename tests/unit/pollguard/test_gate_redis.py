"""Redis stopped, started, emptied under guards in gate mode."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from bad_network import BadNetwork
from gate_harness import GateGuardProcess, MakeGate
from pollguard_harness import LEASE, RedisServer, boot_time, wait_for
from standin_process import Account, monotonic

TTL = 1.2


def make_pair(
    make_gate: MakeGate, redis: RedisServer, *options: str, **env: str
) -> tuple[GateGuardProcess, GateGuardProcess]:
    active = make_gate("one", redis.url).start(*options, env=env).wait_active()
    standby = make_gate("two", redis.url).start(*options, env=env)
    standby.wait_standby()
    return active, standby


def in_flight(account: Account) -> int:
    return int(account.polls()["in_flight"])


@pytest.fixture
def lasting_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """One that comes back with what it had."""
    folder = ["--dir", str(tmp_path)]
    server = RedisServer("--appendonly", "yes", "--appendfsync", "always", *folder)
    server.use()
    yield server
    server.stop()


@pytest.mark.parametrize("kind", ["lasting_redis", "own_redis"])
def test_nobody_polls_while_redis_is_away(
    make_gate: MakeGate, account: Account, kind: str, request: pytest.FixtureRequest
) -> None:
    own_redis: RedisServer = request.getfixturevalue(kind)
    active, standby = make_pair(make_gate, own_redis)
    pids = active.bot_pid, standby.bot_pid
    own_redis.stop()
    wait_for(lambda: in_flight(account) == 0, TTL + 0.3, "the poll ends with the lease")
    polls = account.polls()["polls"]
    account.say("meanwhile")
    until = boot_time() + 1
    wait_for(lambda: boot_time() > until)
    assert account.polls()["polls"] == polls
    wait_for(lambda: "Redis doesn't answer" in (active.fault() or ""), what="health tells")
    wait_for(lambda: "Redis doesn't answer" in (standby.fault() or ""), what="the other's, too")
    at = monotonic()
    own_redis.start()
    account.wait_answer("meanwhile", within=TTL + 2)
    first = next(one["started"] for one in account.log() if one["started"] > at)
    # An empty one knows nothing of who may still be at it.
    assert first - at <= (1 if kind == "lasting_redis" else TTL + 1)
    assert (active.bot_pid, standby.bot_pid) == pids, "the bots have lived on"
    assert account.polls()["overlaps"] == 0
    assert list(account.answers().values()) == [1]


def test_keep_polls_on_while_redis_is_away(
    make_gate: MakeGate, account: Account, own_redis: RedisServer
) -> None:
    active, standby = make_pair(make_gate, own_redis, POLLGUARD_ON_STORE_LOSS="keep")
    own_redis.stop()
    until = boot_time() + TTL + 0.5
    wait_for(lambda: boot_time() > until)
    account.say("meanwhile")
    assert account.wait_answer("meanwhile") == "one"
    assert (active.role, standby.role) == ("active", "standby")
    own_redis.start()
    wait_for(lambda: " one" in (own_redis.client.get(LEASE) or ""), what="it holds the lease again")
    until = boot_time() + TTL + 0.5
    wait_for(lambda: boot_time() > until)
    account.say("after")
    assert account.wait_answer("after") == "one"
    assert account.polls()["overlaps"] == 0
    assert set(account.answers().values()) == {1}


def test_an_emptied_redis_disturbs_nothing(
    make_gate: MakeGate, account: Account, redis_server: RedisServer
) -> None:
    active = make_gate("one").start("--timeout=2").wait_active()
    make_gate("two").start("--timeout=2").wait_standby()
    account.start_load(30)
    for _ in range(3):
        redis_server.client.flushall()
        wait_for(lambda: " 1 one" in (redis_server.client.get(LEASE) or ""), what="its holder puts it back")
        time.sleep(0.1)
    account.wait_all_answered(account.stop_load())
    assert {one.rpartition(" | ")[2] for one in account.answers()} == {"one"}
    assert account.polls()["overlaps"] == 0
    assert (active.status() or {})["epoch"] == 1


def test_one_to_whom_redis_is_closed_gives_way(
    make_gate: MakeGate, account: Account, network: BadNetwork
) -> None:
    """Only the active's way to Redis is silent: it ends its poll before another may take the lease."""
    active = make_gate("one", network.url).start().wait_active()
    make_gate("two").start().wait_standby()
    at = monotonic()
    network.silent = True
    assert account.wait_polled_by("two", since=at) - at <= TTL + 0.5
    account.say("hello")
    assert account.wait_answer("hello") == "two"
    network.silent = False
    active.wait_standby()
    assert account.polls()["overlaps"] == 0


def test_stop_while_redis_is_away(make_gate: MakeGate, account: Account, own_redis: RedisServer) -> None:
    active, _ = make_pair(make_gate, own_redis)
    own_redis.stop()
    at = active.signal(signal.SIGTERM)
    assert active.wait() == 0
    assert boot_time() - at <= TTL + 1
