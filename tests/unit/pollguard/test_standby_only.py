"""A trial of a new image beside the pollers: a guard that never takes the lease, as a real process."""

from __future__ import annotations

import json
import signal
import time

import pytest
from gate_harness import GateGuardProcess, MakeGate, start_pair
from pollguard.config import from_environment
from pollguard.errors import SettingsError
from pollguard_harness import LEASE, MakeGuard, RedisServer, make_token, wait_for
from standin_process import Account

TRIAL = {"POLLGUARD_STANDBY_ONLY": "true"}
TTL = 1.2


def start_trial(make_gate: MakeGate, *options: str) -> GateGuardProcess:
    trial = make_gate("trial").start(*options, env=TRIAL)
    trial.wait_standby()
    return trial


@pytest.mark.parametrize(("value", "read"), [("", False), ("false", False), ("true", True), ("True", True)])
def test_the_setting(value: str, read: bool) -> None:
    env = {"POLLGUARD_REDIS_URL": "redis://r/2", "TELEGRAM_BOT_TOKEN": make_token(), "INSTANCE_ID": "trial"}
    for mode in ("gate", "process"):
        assert from_environment(env | {"POLLGUARD_STANDBY_ONLY": value}, mode).standby_only is read
    with pytest.raises(SettingsError, match="POLLGUARD_STANDBY_ONLY must be one of true, false"):
        from_environment(env | {"POLLGUARD_STANDBY_ONLY": "yes"}, "gate")


def test_a_trial_beside_a_pair_polls_nothing_and_is_counted_by_nobody(
    make_gate: MakeGate, account: Account
) -> None:
    active, standby = start_pair(make_gate)
    trial = start_trial(make_gate, "--drops")
    status = json.loads(trial.tool("status", "--json").stdout)
    assert (status["role"], status["standby_only"], status["good"]) == ("standby", True, True)
    assert (status["holder"], status["command_pid"]) == ("one", trial.bot_pid)
    assert (status["command_poll_age_s"], status["poll_age_s"]) == (0, None)
    assert trial.tool("health").returncode == 0
    account.say("hello")
    assert account.wait_answer("hello") == "one"
    assert account.log("deleteWebhook") == []
    active.wait_standbys("two")
    standby.wait_standbys("two")
    trial.signal(signal.SIGTERM)
    assert trial.wait() == 0
    assert (active.status() or {})["role"] == "active"
    assert account.polls()["overlaps"] == 0


def test_no_handover_goes_to_a_trial(make_gate: MakeGate, account: Account) -> None:
    active = make_gate("one").start(env={"POLLGUARD_STEP_BACK": "0.6"}).wait_active()
    trial = start_trial(make_gate)
    refused = active.tool("handover")
    assert refused.stdout == "no standby is ready to take over, nothing was changed\n"
    forced = active.tool("handover", "--force")
    assert "nobody took the lease within 0.6 s: one takes it again" in forced.stdout
    assert trial.tool("handover").stdout == "trial is not active, one is\n"
    account.say("hello")
    assert account.wait_answer("hello") == "one"
    assert (trial.status() or {})["takes"] == 0


def test_a_free_lease_stays_free_and_the_trial_is_good(
    make_gate: MakeGate, account: Account, redis_server: RedisServer
) -> None:
    active = make_gate("one").start().wait_active()
    trial = start_trial(make_gate)
    active.signal(signal.SIGKILL)
    wait_for(lambda: not redis_server.client.exists(LEASE), what="the lease ran out")
    since = time.monotonic()
    # So long as a poller that finds it free is said to be bad.
    while time.monotonic() < since + 3 * TTL:
        assert not redis_server.client.exists(LEASE)
        assert trial.fault() is None
        time.sleep(0.05)
    assert (trial.status() or {})["standbys"] == []
    # The next poller starts where the former one was, as if there had never been a trial.
    account.say("waits")
    make_gate("two").start()
    assert account.wait_answer("waits") == "two"


def test_a_trial_whose_bot_does_not_poll_is_bad(make_gate: MakeGate) -> None:
    trial = make_gate("trial").start(command=["sleep", "60"], env=TRIAL)
    trial.wait_logged("never takes the lease")
    wait_for(lambda: "has not polled" in (trial.fault() or ""), what="it says why")
    assert trial.tool("health").returncode == 1


def test_a_trial_whose_bot_ends_ends_with_it(make_gate: MakeGate) -> None:
    trial = make_gate("trial").start(command=["false"], env=TRIAL)
    assert trial.wait() == 1


def test_in_process_mode_the_command_does_not_run(make_guard: MakeGuard, redis_server: RedisServer) -> None:
    trial = make_guard("trial").start(env=TRIAL)
    trial.wait_standby()
    time.sleep(2 * TTL)
    assert not redis_server.client.exists(LEASE)
    assert trial.fault() is None
    assert trial.folder.events("start") == []
