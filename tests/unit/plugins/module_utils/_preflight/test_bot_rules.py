"""What the Bot API and the guards say, as checks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._pollers.model import (
    Conflicts,
    Look,
    Poller,
    describe,
)
from ansible_collections.aisha.cluster.plugins.module_utils._preflight.bot_rules import (
    identity_check,
    stranger_checks,
    waiting_check,
    webhook_check,
)


def poller(**changes: Any) -> Poller:
    container = {"Name": "/aisha-bot-polling-1", "State": {"Status": "running"}, "Config": {"Image": "bot"}}
    return replace(describe(Look(container)), **changes)


@pytest.mark.parametrize(("url", "status"), [("", "passed"), ("https://elsewhere.example.com", "failed")])
def test_a_webhook_would_stop_polling(url: str, status: str) -> None:
    bot = {"username": "aisha_bot"}
    token, webhook = identity_check(bot), webhook_check(bot, {"url": url})
    assert (token.status, token.subject) == ("passed", "@aisha_bot")
    assert (webhook.status, webhook.found) == (status, url or "none")
    assert ("deleteWebhook" in webhook.advice) is (status == "failed")


ACTIVE: dict[str, Any] = {"role": "active", "poll_age_s": 0.5}


@pytest.mark.parametrize(
    ("waiting", "pollers", "status", "found"),
    [
        (99, [], "passed", "99"),
        (100, [], "warned", "100"),
        (100, [{"role": "standby", "backlog": 1}], "warned", "100"),
        # They become fewer, or it isn't known.
        (100, [{**ACTIVE, "backlog": 120}], "warned", "100"),
        (100, [ACTIVE], "warned", "100"),
        (
            100,
            [{**ACTIVE, "backlog": 90}],
            "warned",
            "100, and 90 a moment before, though aisha-bot-polling-1 polls",
        ),
        # One that doesn't poll is no wonder.
        (100, [{**ACTIVE, "poll_age_s": 90, "backlog": 90}], "warned", "100"),
    ],
)
def test_updates_that_pile_up(waiting: int, pollers: list[dict[str, Any]], status: str, found: str) -> None:
    check = waiting_check(waiting, [poller(**one) for one in pollers])
    assert (check.status, check.found) == (status, found)
    assert bool(check.advice) is (status == "warned")


@pytest.mark.parametrize(
    ("conflicts", "expected"),
    [
        (Conflicts(), []),
        (Conflicts(guard=0), [("passed", "none")]),
        (Conflicts(3, 12.4), [("failed", "3 conflicts (409) since its guard began, the last one 12 s ago")]),
        (
            Conflicts(3, 301.0),
            [("warned", "3 conflicts (409) since its guard began, the last one 301 s ago")],
        ),
        (Conflicts(3), [("warned", "3 conflicts (409) since its guard began")]),
    ],
)
def test_somebody_else_who_polls(conflicts: Conflicts, expected: list[tuple[str, str]]) -> None:
    checks = stranger_checks([poller(conflicts=conflicts)], 300)
    assert [(check.status, check.found) for check in checks] == expected
