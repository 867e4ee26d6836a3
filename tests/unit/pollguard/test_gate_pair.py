"""Two guards in gate mode with real bots: what a hand-over and a stop do to messages and polls."""

from __future__ import annotations

import signal

from gate_harness import MakeGate, start_pair
from pollguard_harness import wait_for
from standin_process import Account, monotonic


def test_a_standby_is_warm_and_polls_nothing(make_gate: MakeGate, account: Account) -> None:
    active, standby = start_pair(make_gate)
    status, other = active.status(), standby.status()
    assert status is not None
    assert other is not None
    assert (status["role"], other["role"], other["holder"]) == ("active", "standby", "one")
    assert (status["mode"], other["mode"]) == ("gate", "gate")
    assert other["command_pid"] == standby.bot_pid
    assert (other["command_poll_age_s"], other["poll_age_s"]) == (0, None)
    assert status["poll_age_s"] == 0
    account.say("hello")
    assert account.wait_answer("hello") == "one"
    agents = account.polls()["user_agents"]
    assert [agent.partition(" ")[0].partition("/")[0] for agent in agents] == ["pollguard"]
    assert {agent.rpartition(" ")[2] for agent in agents} == {"one"}
    assert {one["user_agent"] for one in account.log("sendMessage")} == {"gate-bot (one)"}


def test_handovers_under_load_lose_nothing(make_gate: MakeGate, account: Account) -> None:
    one, two = start_pair(make_gate, "--handler=0.2", "--timeout=2", POLLGUARD_STEP_BACK="2")
    account.start_load(40)
    for giver, taker in ((one, two), (two, one), (one, two), (two, one)):
        giver.wait_standbys(taker.name)
        done = giver.tool("handover")
        assert done.returncode == 0, done.stdout
        assert f"{taker.name} took over" in done.stdout
    account.wait_all_answered(account.stop_load())
    # An answer that is broken off is Telegram's delivery, but nobody's here.
    got = [event["update"] for event in one.folder.events("got")]
    assert len(got) == len(set(got))
    polls = account.polls()
    assert polls["overlaps"] == 0
    assert len(polls["handovers"]) == 4
    assert max(handover["gap_s"] for handover in polls["handovers"]) <= 0.5
    assert [(guard.status() or {})["handovers"] for guard in (one, two)] == [2, 2]


def test_stop_passes_the_lease_first_and_lets_the_bot_answer(make_gate: MakeGate, account: Account) -> None:
    """The bot would drop on TERM what it has: so TERM comes when it has answered."""
    active, _ = start_pair(make_gate, "--handler=1.5", POLLGUARD_QUIET="2")
    account.say("first")
    active.folder.wait_event("got", "one")
    at = monotonic()
    active.signal(signal.SIGTERM)
    assert account.wait_polled_by("two", since=at) - at <= 0.5
    account.say("second")
    assert account.wait_answer("second") == "two"
    assert account.wait_answer("first") == "one"
    assert active.wait() == 0
    answered = next(one for one in account.log("sendMessage") if "| one" in one["params"]["text"])
    term = active.folder.events("term", "one")[0]
    assert term["at"] >= answered["started"], "TERM came after the answer"
    assert account.polls()["overlaps"] == 0
    assert all(len(times) == 1 for times in account.polls()["delivered"].values())


def test_a_bot_that_never_falls_quiet_is_ended_in_time(make_gate: MakeGate, account: Account) -> None:
    env = {"POLLGUARD_QUIET": "20", "POLLGUARD_STOP_TIMEOUT": "1"}
    active = make_gate("one").start(env=env).wait_active()
    account.say("hello")
    account.wait_answer("hello")
    at = active.signal(signal.SIGTERM)
    assert active.wait() == 0
    # TERM leaves 0.4 of the time to the bot.
    assert 0.5 <= active.folder.events("term", "one")[0]["at"] - at <= 1.0


def test_a_standby_stops_at_once(make_gate: MakeGate, account: Account) -> None:
    active, standby = start_pair(make_gate)
    at = standby.signal(signal.SIGTERM)
    assert standby.wait() == 0
    assert standby.folder.events("term", "two")[0]["at"] - at <= 0.5
    wait_for(lambda: (active.status() or {})["standbys"] == [], what="it is no standby any more")
    assert account.polls()["overlaps"] == 0


def test_after_idle_waits_until_the_bot_is_done(make_gate: MakeGate, account: Account) -> None:
    env = {"POLLGUARD_HANDOVER": "after_idle", "POLLGUARD_QUIET": "0.5"}
    active, standby = start_pair(make_gate, "--handler=0.4", **env)
    account.say("first")
    active.folder.wait_event("got", "one")
    assert active.tool("handover").returncode == 0
    polled = account.wait_polled_by("two")
    answered = next(one for one in account.log("sendMessage") if "first | one" in one["params"]["text"])
    assert polled >= answered["ended"] + 0.4, "it was quiet for as long as was asked"
    assert standby.role == "active"
    assert account.polls()["overlaps"] == 0


def test_handover_without_a_taker(make_gate: MakeGate, account: Account) -> None:
    alone = make_gate("one").start(env={"POLLGUARD_STEP_BACK": "0.4"}).wait_active()
    refused = alone.tool("handover")
    assert (refused.returncode, refused.stdout) == (
        1,
        "no standby is ready to take over, nothing was changed\n",
    )
    account.say("first")
    account.wait_answer("first")
    forced = alone.tool("handover", "--force")
    assert forced.returncode == 1
    assert "nobody took the lease within 0.4 s: one takes it again" in forced.stdout
    account.say("second")
    assert account.wait_answer("second") == "one"
    assert all(len(times) == 1 for times in account.polls()["delivered"].values())
    assert (alone.status() or {})["takes"] == 2


def test_a_standbys_cleaning_of_the_queue_is_harmless(make_gate: MakeGate, account: Account) -> None:
    """Many bots call deleteWebhook(drop_pending_updates) when they start."""
    active = make_gate("one").start("--timeout=2").wait_active()
    active.signal(signal.SIGSTOP)
    account.say("waits")  # for a poll: the one under way is the frozen guard's
    standby = make_gate("two").start("--drops")
    standby.folder.wait_event("dropped", "two")
    active.signal(signal.SIGCONT)
    account.wait_answer("waits")
    assert account.log("deleteWebhook") == []


def test_three_guards(make_gate: MakeGate, account: Account) -> None:
    """Whoever comes first, one polls; and at each end of it another."""
    guards = {name: make_gate(name).start() for name in ("one", "two", "three")}
    for left in (3, 2, 1):
        active = wait_for(lambda: [g for g in guards.values() if (g.status() or {}).get("role") == "active"])[
            0
        ]
        for guard in guards.values():
            guard.wait_standby()
        account.say(f"hello {left}")
        assert account.wait_answer(f"hello {left}") == active.name
        active.signal(signal.SIGTERM)
        assert active.wait() == 0
        del guards[active.name]
    assert account.polls()["overlaps"] == 0
