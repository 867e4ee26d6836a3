"""Guards in gate mode whose way to Telegram is bad, or whose token others use."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from urllib.error import HTTPError

import pytest
from bad_network import BadNetwork
from gate_harness import GateGuardProcess, MakeGate, start_pair
from pollguard_harness import wait_for
from standin_process import Account, monotonic


@pytest.fixture
def way(account: Account) -> Iterator[BadNetwork]:
    """One guard's way to Telegram."""
    relay = BadNetwork(account.standin.port)
    yield relay
    relay.close()


def start_on(make_gate: MakeGate, name: str, way: BadNetwork) -> GateGuardProcess:
    return make_gate(name).start(env={"TELEGRAM_API_URL": f"http://127.0.0.1:{way.port}"})


def test_who_cant_reach_telegram_passes_the_lease_on(
    make_gate: MakeGate, account: Account, way: BadNetwork
) -> None:
    active = start_on(make_gate, "one", way).wait_active()
    make_gate("two").start().wait_standby()
    active.wait_standbys("two")
    at = monotonic()
    way.cut()
    assert account.wait_polled_by("two", since=at) - at <= 2
    account.say("hello")
    assert account.wait_answer("hello") == "two"
    assert "the lease is passed on: Telegram can't be reached from here" in active.log
    assert "Telegram can't be reached: 127.0.0.1" in active.tool("health").stdout
    status = active.status()
    assert status is not None
    assert (status["role"], status["standbys"]) == ("standby", [])
    way.mend()
    active.wait_standby()
    assert account.polls()["overlaps"] == 0


def test_who_telegram_hangs_for_passes_the_lease_on(
    make_gate: MakeGate, account: Account, way: BadNetwork
) -> None:
    """Nothing is refused, nothing comes."""
    start_on(make_gate, "one", way).wait_active().wait_standbys()
    make_gate("two").start().wait_standby()
    at = monotonic()
    way.silent = True
    assert account.wait_polled_by("two", since=at) - at <= 6
    account.say("hello")
    assert account.wait_answer("hello") == "two"
    assert account.polls()["overlaps"] == 0


def test_who_cant_reach_telegram_is_no_standby(
    make_gate: MakeGate, account: Account, way: BadNetwork
) -> None:
    way.cut()
    active = make_gate("one").start().wait_active()
    standby = start_on(make_gate, "two", way)
    wait_for(lambda: "Telegram can't be reached" in (standby.fault() or ""), what="health tells")
    assert (active.status() or {})["standbys"] == []
    refused = active.tool("handover")
    assert (refused.returncode, active.role) == (1, "active")
    way.mend()
    active.wait_standbys("two")


def test_when_nobody_reaches_telegram_nobody_gives_up(make_gate: MakeGate, account: Account) -> None:
    active, _ = start_pair(make_gate, "--timeout=2")
    account.fail("*", error_code=502, count=-1)
    wait_for(lambda: "Telegram can't be reached" in (active.fault() or ""), what="health tells")
    account.heal()
    account.say("hello")
    account.wait_answer("hello")
    assert account.polls()["overlaps"] == 0


def test_a_stranger_is_told_of(make_gate: MakeGate, account: Account) -> None:
    active = make_gate("one").start().wait_active()
    wait_for(lambda: account.polls()["in_flight"] == 1)
    url = f"{account.standin.url}/bot{account.token}/getUpdates?timeout=1"
    # In the end it may be the one that gets the 409.
    with suppress(HTTPError), urllib.request.urlopen(url, timeout=10):  # noqa: S310 (the stand-in)
        pass
    wait_for(lambda: (active.status() or {})["conflicts"] == 1)
    active.wait_logged("WARNING pollguard: conflict: somebody else polls with this token (409)")
    assert active.tool("health").stdout == "conflict: somebody else polls with this token (409)\n"
    status = active.status()
    assert status is not None
    assert status["conflict_age_s"] < 5
    assert status["role"] == "active"
    account.say("hello")
    assert account.wait_answer("hello") == "one"
