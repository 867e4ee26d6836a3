"""How long instances took by themselves is read from an engine's events."""

from __future__ import annotations

from typing import Any

import pytest
from updatelab.events import floor


def event(at: float, action: str, name: str = "aisha-worker-1", one: str = "1") -> dict[str, Any]:
    return {"Action": action, "timeNano": int(at * 1e9), "Actor": {"ID": one, "Attributes": {"name": name}}}


def test_times_are_summed_by_container() -> None:
    found = floor(
        [
            event(1, "start"),
            event(2, "kill", one="0"),
            event(2.5, "kill", one="0"),
            event(4, "health_status: healthy"),
            event(5, "die", one="0"),
            event(6, "health_status: unhealthy"),
            event(7, "health_status: healthy"),
            event(8, "die"),
        ]
    )
    assert (found.healthy, found.stopping, found.started) == (3.0, 3.0, 1)
    assert found.seconds == 6.0


@pytest.mark.parametrize(
    "name", ["aisha-nginx-prod", "aisha-redis", "aisha-bot-trial", "aisha-webhook-smoke"]
)
def test_other_containers_are_left_out(name: str) -> None:
    assert floor([event(1, "start", name), event(4, "health_status: healthy", name)]).seconds == 0


def test_what_never_got_healthy_counts_for_nothing() -> None:
    assert floor([event(1, "start"), event(4, "die")]).seconds == 0
