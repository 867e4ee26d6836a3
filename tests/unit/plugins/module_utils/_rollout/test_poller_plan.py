"""In which order the pollers of a host are dealt with, and when it is refused to begin."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._instances.slots import slot_of
from ansible_collections.aisha.cluster.plugins.module_utils._pollers.model import Lease, Poller
from ansible_collections.aisha.cluster.plugins.module_utils._rollout.errors import Refusal
from ansible_collections.aisha.cluster.plugins.module_utils._rollout.poller_plan import (
    Candidate,
    Mode,
    Plan,
    Seat,
    Step,
    difference,
    plan,
    recovered,
    recovery,
    seats_of,
    seen_as,
    successor,
)


def poller(number: int, role: str = "standby", **changes: Any) -> Poller:
    """A good one whose lease is held by number 1, unless it is said otherwise."""
    values: dict[str, Any] = {
        "name": f"bot-{number}",
        "instance": f"bot-{number}",
        "state": "running",
        "role": role,
        "good": True,
        "lease": Lease(holder=changes.pop("holder", "bot-1")),
        "guard": {"standbys": changes.pop("standbys", ["bot-1", "bot-2", "bot-3"])},
    }
    return Poller(**{**values, **changes})


def stopped(number: int, **changes: Any) -> Poller:
    """One that doesn't run, of which no guard tells anything."""
    unheard = {"role": "unknown", "good": False, "state": "exited", "guard": None, "holder": None}
    return poller(number, **{**unheard, **changes})


ACTIVE = poller(1, "active")
ALONE = poller(1, "active", standbys=[])
ACTIVE_WITH_OTHERS = poller(1, "active", standbys=["elsewhere"])
BAD = poller(2, good=False, problem="COMMAND has not polled for 99 s")
NOBODY: dict[str, Any] = {"holder": None}


@pytest.mark.parametrize(
    ("pollers", "different", "restart_all", "expected", "gap"),
    [
        # All is as wanted.
        ([ACTIVE, poller(2)], (), False, [], False),
        ([], (), True, [], False),
        # Standbys first, whatever their number; then the hand-over; the former active one last.
        ([ACTIVE, poller(2)], (1, 2), False, ["recreate 2", "hand_over 1", "recreate 1"], False),
        ([ACTIVE, poller(2)], (), True, ["restart 2", "hand_over 1", "restart 1"], False),
        (
            [poller(1), poller(2, "active"), poller(3)],
            (1, 2, 3),
            False,
            ["recreate 1", "recreate 3", "hand_over 2", "recreate 2"],
            False,
        ),
        # Only what has to be done.
        ([ACTIVE, poller(2)], (2,), False, ["recreate 2"], False),
        ([ACTIVE, poller(2)], (1,), False, ["hand_over 1", "recreate 1"], False),
        ([ACTIVE, poller(2)], (2,), True, ["recreate 2", "hand_over 1", "restart 1"], False),
        # A single one gives up failover, unless there is a standby on another host.
        ([ALONE], (1,), False, ["recreate 1"], True),
        ([ALONE], (), True, ["restart 1"], True),
        ([ALONE], (), False, [], False),
        ([ACTIVE_WITH_OTHERS], (1,), False, ["hand_over 1", "recreate 1"], False),
        # Whoever stands still or is on the way is brought up first.
        ([ACTIVE, stopped(2)], (), False, ["restart 2"], False),
        ([ACTIVE, stopped(2)], (1, 2), False, ["recreate 2", "hand_over 1", "recreate 1"], False),
        ([ACTIVE, BAD], (1,), False, ["wait 2", "hand_over 1", "recreate 1"], False),
        ([ACTIVE, BAD], (1, 2), False, ["recreate 2", "hand_over 1", "recreate 1"], False),
        ([poller(1, "active", good=False), poller(2)], (), False, ["wait 1"], False),
        # The active one is on another host.
        ([poller(2), poller(3)], (2, 3), False, ["recreate 2", "recreate 3"], False),
        # None is active and none is ready: nothing can get worse.
        (
            [poller(1, good=False, **NOBODY), poller(2, good=False, **NOBODY)],
            (1, 2),
            False,
            ["recreate 1", "recreate 2"],
            False,
        ),
        ([stopped(1), stopped(2)], (), False, ["restart 1", "restart 2"], False),
        ([stopped(1, holder="bot-1")], (1,), False, ["recreate 1"], False),
    ],
)
def test_the_order(
    pollers: list[Poller], different: tuple[int, ...], restart_all: bool, expected: list[str], gap: bool
) -> None:
    candidates = [
        Candidate(each, "sha256:1", "sha256:2", ("image",) if int(each.name[-1]) in different else ())
        for each in pollers
    ]
    planned = plan(candidates, restart_all=restart_all)
    assert [f"{step.action} {step.container[-1]}" for step in planned.steps] == expected
    assert planned.gap is gap
    assert planned.changes is any(not words.startswith("wait") for words in expected)


@pytest.mark.parametrize(
    ("pollers", "message", "passing"),
    [
        ([ACTIVE, poller(2, "active")], "one that is active, found 2: bot-1, bot-2", True),
        (
            [poller(1, **NOBODY), poller(2, **NOBODY)],
            "found none, though these are ready: bot-1, bot-2",
            True,
        ),
        ([poller(2, **NOBODY), stopped(1)], "found none, though these are ready: bot-2", True),
        (
            [poller(2, state="paused"), ACTIVE],
            "bot-2: expected a poller that can be stopped, found it pa",
            False,
        ),
        (
            [poller(1, "unknown", good=False, problem="no answer"), poller(2)],
            "bot-1: expected an answer of its guard, since it holds the lease, found no answer",
            True,
        ),
        ([stopped(1), poller(2)], "found none, though these are ready: bot-2", True),
    ],
)
def test_it_is_refused_to_begin(pollers: list[Poller], message: str, passing: bool) -> None:
    with pytest.raises(Refusal, match=message) as refused:
        plan([Candidate(each) for each in pollers], restart_all=True)
    assert refused.value.passing is passing


def named(one: Poller, name: str) -> Poller:
    return Poller(**{**vars(one), "name": name})


PREVIOUS = named(stopped(2, image_digest="sha256:1"), "bot-2-previous")
FOLLOWING = named(stopped(2), "bot-2-next")


@pytest.mark.parametrize(
    ("containers", "steps", "left"),
    [
        ([ACTIVE, poller(2)], [], [("bot-1", "active"), ("bot-2", "standby")]),
        # Interrupted before anything was moved: what was made is thrown away.
        (
            [ACTIVE, poller(2), FOLLOWING],
            ["remove bot-2-next"],
            [("bot-1", "active"), ("bot-2", "standby")],
        ),
        # Between the two renamings, or before the new one was good: undone.
        (
            [ACTIVE, PREVIOUS, FOLLOWING],
            ["remove bot-2-next", "put_back bot-2"],
            [("bot-1", "active"), ("bot-2", "unknown")],
        ),
        ([ACTIVE, BAD, PREVIOUS], ["put_back bot-2"], [("bot-1", "active"), ("bot-2", "unknown")]),
        ([ACTIVE, stopped(2), PREVIOUS], ["put_back bot-2"], [("bot-1", "active"), ("bot-2", "unknown")]),
        # After the new one was good: finished.
        (
            [ACTIVE, poller(2), PREVIOUS],
            ["remove bot-2-previous"],
            [("bot-1", "active"), ("bot-2", "standby")],
        ),
        # The one that goes holds the lease: the one that is ready gets it.
        (
            [poller(1), poller(2, "active", good=False), PREVIOUS],
            ["put_back bot-2"],
            [("bot-1", "active"), ("bot-2", "unknown")],
        ),
        ([FOLLOWING], ["remove bot-2-next"], []),
    ],
)
def test_what_an_interrupted_run_left(
    containers: list[Poller], steps: list[str], left: list[tuple[str, str]]
) -> None:
    seats = seats_of(containers)
    assert [f"{step.action} {step.container}" for step in recovery(seats, Mode())] == steps
    assert [(one.name, one.role) for one in recovered(seats, Mode())] == left


READY = named(stopped(2, state="created"), "bot-2-next")
ENTERS = Mode(prepared=True)
KEEPS = Mode(prepared=True, keep_previous=True)
RETURNS = Mode("returned")


@pytest.mark.parametrize(
    ("containers", "mode", "steps", "second", "successor_of_second"),
    [
        # What is prepared is wanted, and what is kept beside a good one is no leftover.
        ([ACTIVE, poller(2), READY], KEEPS, [], "bot-2", "bot-2-next"),
        ([ACTIVE, poller(2), PREVIOUS, READY], KEEPS, [], "bot-2", "bot-2-next"),
        ([ACTIVE, poller(2), PREVIOUS], KEEPS, [], "bot-2", None),
        ([ACTIVE, poller(2), PREVIOUS], ENTERS, ["remove bot-2-previous"], "bot-2", None),
        (
            [ACTIVE, poller(2), PREVIOUS, READY],
            Mode(keep_previous=True),
            ["remove bot-2-next"],
            "bot-2",
            None,
        ),
        # Interrupted between the two renamings, before it was good, and while it made room again.
        ([ACTIVE, PREVIOUS, READY], KEEPS, [], "bot-2-previous", "bot-2-next"),
        ([ACTIVE, READY], KEEPS, [], "bot-2-next", "bot-2-next"),
        ([ACTIVE, stopped(2), PREVIOUS], KEEPS, [], "bot-2", None),
        ([ACTIVE, BAD, PREVIOUS], ENTERS, [], "bot-2", None),
        ([ACTIVE, PREVIOUS], KEEPS, ["put_back bot-2"], "bot-2-previous", None),
        # One that is wanted by its image can be made again; one that was to be restarted stays what it is.
        ([ACTIVE, BAD, PREVIOUS], Mode(keep_previous=True), ["put_back bot-2"], "bot-2-previous", None),
        ([ACTIVE, stopped(2), PREVIOUS], Mode("restarted", False, True), [], "bot-2", None),
        # Back.
        ([ACTIVE, poller(2), PREVIOUS, READY], RETURNS, [], "bot-2", "bot-2-previous"),
        ([ACTIVE, BAD, PREVIOUS, READY], RETURNS, ["put_back bot-2"], "bot-2-previous", None),
        ([ACTIVE, PREVIOUS], RETURNS, ["put_back bot-2"], "bot-2-previous", None),
    ],
)
def test_what_is_left_means_what_the_run_is_for(
    containers: list[Poller],
    mode: Mode,
    steps: list[str],
    second: str,
    successor_of_second: str | None,
) -> None:
    seats = seats_of(containers)
    assert [f"{step.action} {step.container}" for step in recovery(seats, mode)] == steps
    stands, becomes = seen_as(seats[1], mode), successor(seats[1], mode)
    assert (stands and stands.name, becomes and becomes.name) == (second, successor_of_second)
    assert [one.name for one in recovered(seats, mode)] == ["bot-1", "bot-2"]


def test_containers_are_sorted_into_places_with_10_after_9() -> None:
    names = ("a-10", "a-9-previous", "a-9", "a-9-next")
    seats = seats_of(Poller(name) for name in names)
    assert seats == [
        Seat("a-9", Poller("a-9"), Poller("a-9-previous"), Poller("a-9-next")),
        Seat("a-10", Poller("a-10")),
    ]
    assert [slot_of(name) for name in names] == ["a-10", "a-9", "a-9", "a-9"]


def test_the_difference_names_variables_and_shows_none() -> None:
    steps = (
        Step("b", "recreate", "standby", "sha256:1", "sha256:2", ("image", "command", "SECRET")),
        Step("a", "hand_over", "active"),
        Step("a", "restart", "active", "sha256:1", "sha256:1"),
    )
    assert difference(Plan(steps), {"a": "running", "b": "exited"}) == {
        "before": {
            "b": {"image": "sha256:1", "state": "exited"},
            "a": {"image": "sha256:1", "state": "running"},
        },
        "after": {
            "b": {
                "image": "sha256:2",
                "state": "recreated",
                "changed variables": ["SECRET"],
                "command": "changed",
            },
            "a": {"image": "sha256:1", "state": "restarted"},
        },
    }
