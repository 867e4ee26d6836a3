"""How an instance is by an engine's inspection, and whether that is as wanted or time may mend it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._instances.state import (
    Instance,
    Verdict,
    Wanted,
    instance_of,
    judge,
)

NOW = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
STARTED = "2026-03-01T12:00:00.123456789Z"
NEVER = "0001-01-01T00:00:00Z"


def inspection(restarts: int = 0, labels: dict[str, str] | None = None, **state: Any) -> dict[str, Any]:
    """One that runs since STARTED, unless it is said otherwise."""
    return {
        "Name": "/shop-worker-1",
        "RestartCount": restarts,
        "State": {"Status": "running", "ExitCode": 0, "StartedAt": STARTED, **state},
        "Config": {"Image": "bot@sha256:1", "Labels": labels},
        "HostConfig": {"Memory": 268435456},
    }


def instance(state: str = "running", health: str | None = None, **changes: Any) -> Instance:
    """One that runs since long ago, unless it is said otherwise."""
    values: dict[str, Any] = {
        "name": "a",
        "component": "worker",
        "image": "bot",
        "exit_code": None if state == "running" else 1,
        "restarts": 0,
        "age_s": 3600.0 if state == "running" else None,
    }
    return Instance(state=state, health=health, **{**values, **changes})


def test_all_that_is_read_of_an_instance() -> None:
    container = inspection(2, {"aisha.component": "worker"}, Health={"Status": "healthy"})
    assert instance_of(container, NOW).as_dict() == {
        "name": "shop-worker-1",
        "component": "worker",
        "image": "bot@sha256:1",
        "state": "running",
        "health": "healthy",
        "exit_code": None,
        "restarts": 2,
        "age_s": 29.9,
        "memory_limit_bytes": 268435456,
        "problem": None,
    }


def test_what_an_engine_may_leave_out() -> None:
    bare = instance_of({"Name": "/a", "State": {}, "Config": {}}, NOW)
    assert bare == Instance("a", "", "", "unknown", None, None, 0, None)


@pytest.mark.parametrize(
    ("state", "restarts", "health", "exit_code", "problem"),
    [
        ({"Health": {"Status": "healthy"}}, 0, "healthy", None, None),
        ({"Health": {"Status": "healthy"}}, 7, "healthy", None, None),
        # No health check, in every way of saying so.
        ({}, 0, None, None, None),
        ({"Health": None}, 0, None, None, None),
        ({"Health": {"Status": "none"}}, 0, None, None, None),
        ({"Health": {"Status": ""}}, 0, None, None, None),
        ({"Health": {"Status": "unhealthy"}}, 0, "unhealthy", None, "that it is unhealthy"),
        ({"Health": {"Status": "starting"}}, 0, "starting", None, "that it is starting"),
        (
            {"Status": "restarting", "ExitCode": 3},
            1,
            None,
            3,
            "that it ends and is started again (once, exit code 3)",
        ),
        (
            {"Status": "restarting", "ExitCode": 1, "Health": {"Status": "unhealthy"}},
            4,
            "unhealthy",
            1,
            "that it ends and is started again (4 times, exit code 1)",
        ),
        ({"Status": "exited", "ExitCode": 137}, 0, None, 137, "that it is exited, exit code 137"),
        ({"Status": "exited", "ExitCode": 0}, 1, None, 0, "that it is exited, exit code 0"),
        # These haven't ended, whatever the engine's number.
        ({"Status": "created", "ExitCode": 0}, 0, None, None, "that it is created"),
        ({"Status": "paused", "ExitCode": 0}, 0, None, None, "that it is paused"),
    ],
)
def test_why_it_is_not_well(
    state: dict[str, Any], restarts: int, health: str | None, exit_code: int | None, problem: str | None
) -> None:
    seen = instance_of(inspection(restarts, **state), NOW)
    assert (seen.health, seen.exit_code, seen.problem) == (health, exit_code, problem)


@pytest.mark.parametrize(
    ("state", "age"),
    [
        ({"StartedAt": "2026-03-01T12:00:00Z"}, 30.0),
        # An engine leaves zeros at the end out.
        ({"StartedAt": "2026-03-01T12:00:00.5Z"}, 29.5),
        ({"StartedAt": "2026-03-01T12:00:00.749999999Z"}, 29.3),
        ({"StartedAt": "2026-03-01T12:00:29.999999999Z"}, 0.0),
        ({"StartedAt": "2026-02-28T12:00:00Z"}, 86430.0),
        ({"StartedAt": NEVER}, None),
        # When it was started last says nothing of one that doesn't run.
        ({"Status": "exited"}, None),
        ({"Status": "restarting"}, None),
    ],
)
def test_its_age_to_the_tenth_of_a_second(state: dict[str, Any], age: float | None) -> None:
    assert instance_of(inspection(**state), NOW).age_s == age


def test_its_age_by_the_clock_of_this_machine() -> None:
    started = (datetime.now(UTC) - timedelta(seconds=100)).strftime("%Y-%m-%dT%H:%M:%S.%f123Z")
    age = instance_of(inspection(StartedAt=started)).age_s
    assert age is not None
    assert 100 <= age < 110


SOON, STEADY = Wanted(healthy_within=60), Wanted(healthy_within=60, steady_for=30)
WELL = "it well"
HEALTHY = "it to be healthy within 60 s"
STEADILY = "it to run for 30 s without a restart"
AGAIN = "that it ended and was started again once"


@pytest.mark.parametrize(
    ("seen", "wanted", "waited", "problem", "waits"),
    [
        (instance(), Wanted(), 0, None, False),
        (instance(health="healthy"), SOON, 0, None, False),
        # Time may mend these, up to the limit.
        (instance(health="starting"), SOON, 59.9, (HEALTHY, "that it is starting"), True),
        (instance(health="starting"), SOON, 60, (HEALTHY, "that it is starting"), False),
        (instance(health="unhealthy"), SOON, 0, (HEALTHY, "that it is unhealthy"), True),
        (instance(health="unhealthy"), Wanted(), 0, (WELL, "that it is unhealthy"), False),
        (instance(health="starting"), Wanted(0.5), 0, ("it to be healthy within 0.5 s", "starting"), True),
        (instance("restarting", restarts=2), SOON, 1, (HEALTHY, "(2 times, exit code 1)"), True),
        # These it can't mend.
        (instance("exited"), SOON, 0, (HEALTHY, "that it is exited, exit code 1"), False),
        (instance("dead"), SOON, 0, (HEALTHY, "that it is dead, exit code 1"), False),
        (instance("created", exit_code=None), SOON, 0, (HEALTHY, "that it is created"), False),
        (instance("paused", exit_code=None), SOON, 0, (HEALTHY, "that it is paused"), False),
        # A fresh one is waited for, whatever the limit for its health.
        (instance(age_s=29.9), STEADY, 100, None, True),
        (instance(age_s=0.0), Wanted(steady_for=30), 0, None, True),
        (instance(age_s=30.0), STEADY, 0, None, False),
        (instance(health="starting", age_s=3.0), STEADY, 3, (HEALTHY, "that it is starting"), True),
        (instance(health="starting", age_s=60.0), STEADY, 60, (HEALTHY, "that it is starting"), False),
        # The engine has started it again: just now, on and on, long ago.
        (instance(restarts=1, age_s=29.9), STEADY, 0, (STEADILY, AGAIN), False),
        (instance(restarts=3, age_s=1.0), STEADY, 0, (STEADILY, "was started again 3 times"), False),
        (instance(restarts=1, age_s=1.0, health="starting"), STEADY, 0, (STEADILY, AGAIN), False),
        (instance("restarting", restarts=1), STEADY, 0, (STEADILY, AGAIN), False),
        (instance(restarts=1, age_s=30.0), STEADY, 0, None, False),
        (instance(restarts=1, health="unhealthy"), STEADY, 0, (HEALTHY, "that it is unhealthy"), True),
        (instance(restarts=1, age_s=1.0), SOON, 0, None, False),
        # How it ended says more of one that doesn't run than what the engine did before.
        (instance("exited", restarts=5), STEADY, 0, (HEALTHY, "that it is exited, exit code 1"), False),
    ],
)
def test_one_instance_is_judged(
    seen: Instance, wanted: Wanted, waited: float, problem: tuple[str, str] | None, waits: bool
) -> None:
    verdict = judge([seen], [], wanted, waited)
    assert verdict.waits == waits
    assert len(verdict.problems) == (problem is not None)
    if problem is not None:
        ((name, expected, found),) = verdict.problems
        assert (name, expected) == ("a", problem[0])
        assert found.endswith(problem[1])


ILL = instance(name="ill", health="starting")
FRESH = instance(name="fresh", age_s=1.0)
OLD = instance(name="old")
ENDED = instance("exited", name="ended")
STARTED_AGAIN = instance(name="again", restarts=1, age_s=1.0)


@pytest.mark.parametrize(
    ("seen", "missing", "problems", "waits"),
    [
        ([], [], [], False),
        ([OLD, FRESH], [], [], True),
        ([OLD, ILL], [], ["ill"], True),
        ([FRESH, ILL], [], ["ill"], True),
        # One that can't be well ends it for all, and each that isn't well yet is told.
        ([], ["gone"], ["gone"], False),
        ([FRESH, ILL, OLD], ["gone", "lost"], ["gone", "lost", "ill"], False),
        ([ENDED, ILL, FRESH], [], ["ended", "ill"], False),
        ([ILL, ENDED, FRESH], [], ["ill", "ended"], False),
        ([STARTED_AGAIN, ILL, FRESH], [], ["again", "ill"], False),
    ],
)
def test_all_are_judged(seen: list[Instance], missing: list[str], problems: list[str], waits: bool) -> None:
    verdict = judge(seen, missing, STEADY, 1)
    assert [name for name, _expected, _found in verdict.problems] == problems
    assert verdict.waits == waits


def test_one_that_is_not_there() -> None:
    assert judge([], ["a"], SOON, 0) == Verdict((("a", "a container of that name", "none"),), waits=False)
