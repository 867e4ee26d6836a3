"""What counts as good in gate mode: an active and a standby."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pollguard.gate.health import GateSight, fault, silent_for
from pollguard.health import StoreSight
from pollguard.policy import Reason

STORE = StoreSight(
    now=1000.0, ttl=3.0, renew=0.5, answered_at=999.8, holder="two", free_since=None, last_error=""
)
STANDBY = GateSight(
    store=STORE,
    active=False,
    command_since=500.0,
    ending=None,
    polling=True,
    polled_at=990.0,
    bypassed=False,
    token_refused=False,
    other_bot="",
    gate_url="http://127.0.0.1:8081",
    poll_max_age=60.0,
    start_grace=60.0,
    health_failures=0,
    reachable=True,
    revoked=False,
    webhook=False,
    stranger=False,
    stuck=False,
    api_error="",
)
ACTIVE = replace(STANDBY, store=replace(STORE, holder="one"), active=True)
UNPOLLED = replace(STANDBY, polling=False, polled_at=None, command_since=990.0)


def knowing(sight: GateSight, **store: Any) -> GateSight:
    """The same with another sight of the lease."""
    return replace(sight, store=replace(sight.store, **store))


@pytest.mark.parametrize("sight", [STANDBY, ACTIVE], ids=["standby", "active"])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, None),
        ({"command_since": None}, "COMMAND doesn't run"),
        ({"polling": False}, None),
        ({"polling": False, "polled_at": 930.0}, "COMMAND has not polled for 70 s"),
        ({"polling": False, "polled_at": 930.0, "poll_max_age": 0.0}, None),
        ({"polled_at": 930.0}, None),  # a poll is being held
        ({"reachable": False}, "Telegram can't be reached: no answer yet"),
        (
            {"reachable": False, "api_error": "x gave no answer"},
            "Telegram can't be reached: x gave no answer",
        ),
        (
            {"revoked": True, "api_error": "the token is refused (401)"},
            "Telegram refuses the token: the token",
        ),
        ({"webhook": True}, "a webhook is set on the bot"),
        ({"health_failures": 2}, "the health command has failed 2 times"),
        ({"ending": Reason.DEAF}, "COMMAND is being ended: deaf"),
        ({"ending": Reason.UNHEALTHY}, "COMMAND is being ended: unhealthy"),
        ({"ending": Reason.STOP, "reachable": False}, None),
    ],
)
def test_fault(sight: GateSight, change: dict[str, Any], said: str | None) -> None:
    found = fault(replace(sight, **change))
    assert found is None if said is None else found is not None and found.startswith(said)
    assert "\n" not in (found or "")


@pytest.mark.parametrize(
    ("sight", "said"),
    [
        (replace(ACTIVE, stranger=True), "conflict: somebody else polls with this token (409)"),
        (replace(STANDBY, stranger=True), None),
        (knowing(STANDBY, answered_at=None), "Redis doesn't answer: no answer yet"),
        (knowing(ACTIVE, answered_at=996.0, last_error="Timeout"), "Redis doesn't answer: Timeout"),
        (knowing(ACTIVE, answered_at=998.5), None),
        (knowing(STANDBY, holder="", free_since=998.0), None),
        (knowing(STANDBY, holder="", free_since=900.0), "nobody has held the lease for 100 s"),
        (
            UNPOLLED,
            "COMMAND has not polled http://127.0.0.1:8081 in the 10 s since it started: it must take its API "
            "address from TELEGRAM_API_URL",
        ),
        (
            replace(UNPOLLED, bypassed=True),
            "COMMAND has not polled http://127.0.0.1:8081 in the 10 s since it started, but connects to the "
            "Bot API itself: it must take its API address from TELEGRAM_API_URL",
        ),
        (
            replace(UNPOLLED, token_refused=True),
            "COMMAND calls the gate with another token than it was given: it must take its token from "
            "TELEGRAM_BOT_TOKEN or TELEGRAM_TOKEN, or be given the real one by POLLGUARD_TOKEN_EXPOSURE=bot",
        ),
        (
            replace(UNPOLLED, other_bot="77"),
            "COMMAND polls for another bot, 77, too, which gets 403: a poll guard guards one bot, so each "
            "bot needs a process and a cluster of its own",
        ),
        (
            replace(ACTIVE, stuck=True),
            "updates wait at Telegram, and polls bring none: the Bot API server at TELEGRAM_API_URL takes an "
            "offset above its queue literally",
        ),
        (replace(STANDBY, stuck=True), None),
        # A stray call of one that polls well is no fault.
        (replace(STANDBY, token_refused=True), None),
    ],
)
def test_fault_by_role(sight: GateSight, said: str | None) -> None:
    assert fault(sight) == said


@pytest.mark.parametrize(
    ("sight", "expected"),
    [
        (replace(STANDBY, command_since=None), 0.0),
        (replace(STANDBY, polled_at=100.0), 0.0),
        (replace(STANDBY, polling=False), 10.0),
        (UNPOLLED, 0.0),
        (replace(UNPOLLED, command_since=940.0), 0.0),
        # Only the grace is special; the limit that follows isn't added to it.
        (replace(UNPOLLED, command_since=930.0), 70.0),
    ],
)
def test_silence(sight: GateSight, expected: float) -> None:
    assert silent_for(sight) == expected
