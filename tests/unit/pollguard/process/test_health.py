"""What counts as good: an active and a standby, each by its own facts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pollguard.health import StoreSight
from pollguard.policy import Reason
from pollguard.process.health import Sight, deaf_for, fault

STORE = StoreSight(
    now=1000.0,
    ttl=3.0,
    renew=0.5,
    answered_at=999.8,
    holder="two",
    free_since=None,
    last_error="",
)
STANDBY = Sight(
    store=STORE,
    holds_lease=False,
    command_since=None,
    ending=None,
    poll_seen_at=None,
    blind=False,
    poll_max_age=60.0,
    start_grace=60.0,
    health_failures=0,
)
ACTIVE = replace(
    STANDBY,
    store=replace(STORE, holder="one"),
    holds_lease=True,
    command_since=500.0,
    poll_seen_at=995.0,
)


def knowing(sight: Sight, **store: Any) -> Sight:
    """The same with another sight of the lease."""
    return replace(sight, store=replace(sight.store, **store))


@pytest.mark.parametrize(
    ("sight", "expected"),
    [
        (STANDBY, None),
        (knowing(STANDBY, answered_at=None), "Redis doesn't answer: no answer yet"),
        (knowing(STANDBY, answered_at=996.0, last_error="Timeout"), "Redis doesn't answer: Timeout"),
        (knowing(STANDBY, holder="", free_since=998.0), None),
        (knowing(STANDBY, holder="", free_since=900.0), "nobody has held the lease for 100 s"),
        (ACTIVE, None),
        # Redis is away, but the lease still holds: that is what the time to live is for.
        (knowing(ACTIVE, answered_at=998.5, last_error="Timeout"), None),
        (replace(ACTIVE, holds_lease=False), "COMMAND runs, but the lease is not held"),
        (replace(ACTIVE, poll_seen_at=930.0), "COMMAND doesn't poll: no connection to the Bot API for 70 s"),
        (replace(ACTIVE, poll_seen_at=930.0, poll_max_age=0.0), None),
        (replace(ACTIVE, poll_seen_at=None, command_since=950.0), None),
        (
            replace(ACTIVE, poll_seen_at=None, command_since=930.0),
            "COMMAND doesn't poll: no connection to the Bot API for 70 s",
        ),
        (replace(ACTIVE, poll_seen_at=None, command_since=930.0, start_grace=90.0), None),
        (replace(ACTIVE, blind=True), "the Bot API's name can't be resolved"),
        (replace(ACTIVE, health_failures=2), "the health command has failed 2 times"),
        (replace(ACTIVE, ending=Reason.HANDOVER, poll_seen_at=900.0), None),
        (replace(ACTIVE, ending=Reason.DEAF), "COMMAND is being ended: deaf"),
    ],
)
def test_fault(sight: Sight, expected: str | None) -> None:
    assert fault(sight) == expected


def test_a_guard_that_cant_resolve_names_calls_nobody_deaf() -> None:
    silent = replace(ACTIVE, poll_seen_at=100.0)
    assert deaf_for(silent) == 900.0
    assert deaf_for(replace(silent, blind=True)) == 0.0
    assert deaf_for(STANDBY) == 0.0
