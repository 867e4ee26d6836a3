"""Guards in gate mode whose bot goes around them, wholly or in part."""

from __future__ import annotations

import time

from gate_harness import MakeGate
from pollguard import exit_codes
from pollguard_harness import listener, wait_for
from standin_process import Account


def test_a_bot_that_bypasses_the_gate(make_gate: MakeGate, account: Account) -> None:
    """With the alias it gets nowhere, whether another poller is there or not; health names the cause."""
    account.say("hello")
    env = {"POLLGUARD_POLL_MAX_AGE": "2", "POLLGUARD_START_GRACE": "2"}
    guard = make_gate("one").start(f"--api={account.standin.url}", "--timeout=5", env=env)
    guard.folder.wait_event("trouble")
    assert "it must take its API address from TELEGRAM_API_URL" in (guard.fault() or "")
    assert guard.wait() == exit_codes.DEAF
    assert {event["error"] for event in guard.folder.events("trouble")} == {"Unauthorized"}
    assert (account.polls()["polls"], account.polls()["pending"]) == (0, 1)


def test_a_bot_with_the_real_token_that_bypasses_the_gate(make_gate: MakeGate, account: Account) -> None:
    """It is seen, told and ended; and with the lease free no other poller is disturbed by this guard."""
    env = {"POLLGUARD_POLL_MAX_AGE": "2", "POLLGUARD_START_GRACE": "2", "POLLGUARD_TOKEN_EXPOSURE": "bot"}
    guard = make_gate("one").start(f"--api={account.standin.url}", "--timeout=5", env=env)
    wait_for(lambda: "but connects to the Bot API itself" in (guard.fault() or ""), what="health tells")
    assert (guard.status() or {})["role"] == "standby"
    assert guard.wait() == exit_codes.DEAF
    assert {agent.partition("/")[0] for agent in account.polls()["user_agents"]} == {"gate-bot (one)"}


def test_a_bot_that_polls_the_gate_and_sends_around_it(make_gate: MakeGate, account: Account) -> None:
    """It is healthy, since it polls. Its log and status name the cause of the 401 that its calls get."""
    guard = make_gate("one").start(f"--around={account.standin.url}").wait_active()
    guard.wait_logged(
        "but also connects to the Bot API itself, which refuses an alias token (401)", within=15
    )
    assert (guard.status() or {})["bypassed"] is True
    assert guard.fault() is None
    assert guard.log.count("also connects to the Bot API itself") == 1


def test_a_bot_behind_a_proxy_of_its_own_bypasses_nothing(make_gate: MakeGate, account: Account) -> None:
    """It reaches its object storage through that, say. The guard's own connections don't count either."""
    with listener() as port:
        proxy = f"http://127.0.0.1:{port}"
        env = {"HTTPS_PROXY": proxy, "NO_PROXY": "127.0.0.1"}
        guard = make_gate("one").start(f"--around={proxy}", env=env).wait_active()
        account.say("hello")
        account.wait_answer("hello")
        time.sleep(3)
    assert (guard.status() or {})["bypassed"] is False
