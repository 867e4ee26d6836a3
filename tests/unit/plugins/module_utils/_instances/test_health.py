"""Health as an engine reports it, and whether it still checks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._instances.health import health_of
from ansible_collections.aisha.cluster.plugins.module_utils._instances.state import instance_of

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
SECOND = 10**9


def inspection(
    ended: str | None, status: str = "healthy", state: str = "running", **check: int
) -> dict[str, Any]:
    log = [{"End": "2026-03-01T10:00:00Z"}, {"End": ended}] if ended else []
    return {
        "Name": "/shop-worker-1",
        "Config": {"Healthcheck": {"Test": ["CMD", "true"], **check}},
        "State": {
            "Status": state,
            "StartedAt": "2026-03-01T10:00:00Z",
            "Health": {"Status": status, "Log": log},
        },
    }


@pytest.mark.parametrize(
    ("ended", "check", "health"),
    [
        # 30 s + 30 s, twice, and some more.
        ("2026-03-01T11:57:31.123456789Z", {}, "healthy"),
        ("2026-03-01T11:57:29.123456789Z", {}, "stale"),
        ("2026-03-01T11:59:15Z", {"Interval": 5 * SECOND, "Timeout": 3 * SECOND}, "healthy"),
        ("2026-03-01T11:59:13Z", {"Interval": 5 * SECOND, "Timeout": 3 * SECOND}, "stale"),
        ("2026-03-01T11:59:13Z", {"Interval": 60 * SECOND, "Timeout": 0}, "healthy"),
        # In the engine's own time zone.
        ("2026-03-01T14:59:50.5+03:00", {}, "healthy"),
        ("2026-03-01T06:29:50.5-05:30", {}, "healthy"),
        ("2026-03-01T11:59:50.5+03:00", {}, "stale"),
        # The first check hasn't ended.
        (None, {}, "healthy"),
    ],
)
def test_check_that_has_stopped_is_stale(ended: str | None, check: dict[str, Any], health: str) -> None:
    assert health_of(inspection(ended, **check), NOW) == health
    assert health_of(inspection(ended, "unhealthy", **check), NOW) == health.replace("healthy", "unhealthy")


@pytest.mark.parametrize(("status", "state"), [("starting", "running"), ("healthy", "exited")])
def test_only_what_is_checked_goes_stale(status: str, state: str) -> None:
    assert health_of(inspection("2026-03-01T10:00:00Z", status, state), NOW) == status


def test_stale_health_is_a_problem_with_its_cure() -> None:
    problem = instance_of(inspection("2026-03-01T11:00:00Z"), NOW).problem
    assert problem is not None
    assert "`docker pause shop-worker-1 && docker unpause shop-worker-1`" in problem
