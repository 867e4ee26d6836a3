"""Who gets a cluster's lock, and what the log says of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._release.lock import (
    Holder,
    Outcome,
    Wish,
    beginning,
    claim,
    ending,
    epoch,
    iso,
    refusal,
)

NOW = 1_800_000_000.0
WISH = Wish("boot/7/70", "ann@ops", "rolling_update", 3600)
OTHER = Holder("bob@ops", "restart", "boot/5/50", iso(NOW - 60), iso(NOW + 60))
EXPIRED = replace(OTHER, until=iso(NOW - 1))
OWN = Holder("ann@ops", "site", WISH.run, iso(NOW - 60), iso(NOW + 60))
ENDED = replace(WISH, ended_run=OTHER.run)
BREAKS = replace(WISH, break_other=True)


@pytest.mark.parametrize(
    ("wish", "there", "other", "held", "event", "why"),
    [
        (WISH, False, None, True, "", ""),
        (BREAKS, False, None, True, "", ""),
        (WISH, True, OTHER, False, "", ""),
        (WISH, True, EXPIRED, True, "lock_taken_over", "expired"),
        (WISH, True, replace(OTHER, until=iso(NOW)), True, "lock_taken_over", "expired"),
        (WISH, True, None, True, "lock_taken_over", "unreadable"),
        (ENDED, True, OTHER, True, "lock_taken_over", "ended"),
        # Between the two looks somebody else has taken it.
        (ENDED, True, replace(OTHER, run="boot/6/60"), False, "", ""),
        (BREAKS, True, OTHER, True, "lock_broken", "asked"),
        (BREAKS, True, EXPIRED, True, "lock_taken_over", "expired"),
        (replace(BREAKS, ended_run=OTHER.run), True, OTHER, True, "lock_taken_over", "ended"),
    ],
)
def test_who_gets_it(wish: Wish, there: bool, other: Holder | None, held: bool, event: str, why: str) -> None:
    made = claim(wish, there=there, other=other, now=NOW)
    assert (made.held, made.event, made.why, made.again) == (held, event, why, False)
    assert made.holder.run == (WISH.run if held else OTHER.run if wish is not ENDED else "boot/6/60")
    lines = beginning(made, wish, NOW, 4) if held else []
    assert [line["event"] for line in lines] == [event] * bool(event) + ["started"] * held
    if event:
        assert lines[0].get("other", {}) == (other.as_dict() if other else {})
    if held:
        assert (made.holder.since, epoch(made.holder.until)) == (iso(NOW), NOW + 3600)
        assert lines[-1]["release_from"] == 4


@pytest.mark.parametrize("wish", [WISH, ENDED, BREAKS])
def test_who_has_it_gets_it_for_longer_and_nothing_is_logged(wish: Wish) -> None:
    made = claim(wish, there=True, other=OWN, now=NOW)
    assert (made.held, made.again, made.event) == (True, True, "")
    assert (made.holder.since, made.holder.until) == (OWN.since, iso(NOW + 3600))
    assert beginning(made, wish, NOW, 4) == []


@pytest.mark.parametrize(
    "content",
    [
        None,
        {},
        {**OTHER.as_dict(), "until": "soon"},
        {**OTHER.as_dict(), "run": ""},
        {**OTHER.as_dict(), "who": None},
        {"who": "bob"},
    ],
)
def test_what_names_no_holder_is_nobodys(content: dict[str, Any] | None) -> None:
    assert Holder.read(content) is None
    assert Holder.read(OTHER.as_dict()) == OTHER


def test_a_refusal_says_who_what_since_when_until_when_and_what_to_do() -> None:
    said = refusal("/opt/aisha", replace(OTHER, since=iso(0), until=iso(3600)))
    for part in (
        "/opt/aisha",
        "bob@ops",
        "restart",
        "since 1970-01-01 00:00:00 UTC",
        "until 1970-01-01 01:00:00 UTC",
        "release_lock_break=true",
    ):
        assert part in said


def line(event: str, run: str = WISH.run, **more: Any) -> dict[str, Any]:
    return {"at": iso(NOW - 90), "event": event, "run": run, "who": "ann", "what": "site", **more}


@pytest.mark.parametrize(
    ("logged", "finishes"),
    [
        ([], False),
        ([line("started", run="boot/5/50")], False),
        ([line("started", release_from=4)], True),
        ([line("lock_broken"), line("started", release_from=4), line("started", run="x")], True),
        ([line("started"), line("finished")], False),
        ([line("started"), line("finished"), line("started", release_from=4)], True),
    ],
)
def test_a_run_that_began_ends_once(logged: list[dict[str, Any]], finishes: bool) -> None:
    made = ending(WISH.run, Outcome("succeeded"), NOW, 5, logged)
    expected = {
        **line("finished"),
        "at": iso(NOW),
        "outcome": "succeeded",
        "release_from": 4,
        "release_to": 5,
        "seconds": 90.0,
    }
    assert made == (expected if finishes else None)


def test_no_secret_of_a_failure_is_logged() -> None:
    token = "7" * 9 + ":" + "Ab3" * 12
    failure = f"https://api.telegram.org/bot{token}/getMe and redis://:hunter2@r:6379/2" + "x" * 5000
    made = ending(WISH.run, Outcome("failed", failure), NOW, None, [line("started")])
    assert made is not None
    assert "Ab3Ab3" not in made["failure"]
    assert "hunter2" not in made["failure"]
    assert len(made["failure"]) <= 2000
