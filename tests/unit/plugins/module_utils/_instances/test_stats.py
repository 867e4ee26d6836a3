"""What a container uses, from what an engine says of it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._core.docker import EngineError
from ansible_collections.aisha.cluster.plugins.module_utils._instances.stats import Use, use_of, uses_of


def stats(spent_ns: int, memory: dict[str, Any] | None = None, at_s: float = 0.0) -> dict[str, Any]:
    return {
        "read": f"2026-03-01T12:{int(at_s) // 60:02d}:{at_s % 60:012.9f}Z",
        "cpu_stats": {"cpu_usage": {"total_usage": spent_ns}},
        "memory_stats": {"usage": 100, "stats": {}} if memory is None else memory,
    }


@pytest.mark.parametrize(
    ("spent_ns", "between_s", "cpu_pct"),
    [
        (0, 0.5, 0.0),
        (500_000_000, 0.5, 100.0),
        (7_500_000, 0.5, 1.5),
        (1_000_000_000, 0.5, 200.0),
        # Started again between both looks.
        (-1, 0.5, 0.0),
        (1, 0.0, None),
    ],
)
def test_processor_time(spent_ns: int, between_s: float, cpu_pct: float | None) -> None:
    assert use_of(stats(5000), stats(5000 + spent_ns, at_s=between_s)) == Use(100, cpu_pct)


@pytest.mark.parametrize(
    ("memory", "used"),
    [
        # cgroup v2, and v1, where both of a file's pages are told.
        ({"usage": 100, "stats": {"inactive_file": 30, "anon": 70}}, 70),
        ({"usage": 100, "stats": {"inactive_file": 10, "total_inactive_file": 30}}, 70),
        ({"usage": 100, "stats": None}, 100),
        ({"usage": 100, "stats": {"inactive_file": 300}}, 0),
        ({}, None),
    ],
)
def test_memory(memory: dict[str, Any], used: int | None) -> None:
    assert use_of(stats(0), stats(0, memory)).memory_bytes == used


@pytest.mark.parametrize("ended", [{}, stats(0, {}) | {"read": "0001-01-01T00:00:00Z"}])
def test_a_container_that_has_ended_uses_nothing_that_is_known(ended: dict[str, Any]) -> None:
    assert use_of(stats(0), ended) == use_of(ended, ended) == Use()


STARTED = time.monotonic()


class Engine:
    """Has one container that uses half a processor, one that is gone, and one about which it hangs."""

    def stats(self, name: str) -> dict[str, Any]:
        if name == "hangs":
            time.sleep(30)
        if name == "broken":
            raise EngineError("refused", "500", expected="what it uses")
        # However late it is heard, it is right about the time at which it has read.
        now = time.monotonic() - STARTED
        return {} if name == "gone" else stats(int(now * 5e8), at_s=now)


def test_all_are_asked_at_once_and_none_is_waited_for_too_long() -> None:
    began = time.monotonic()
    uses = uses_of(Engine, ["a", "b", "gone", "broken", "hangs"], 1.0)  # type: ignore[arg-type] # stands in
    assert 0.9 < time.monotonic() - began < 2
    assert uses["gone"] == uses["broken"] == Use()
    assert set(uses) == {"a", "b", "gone", "broken"}
    for name in ("a", "b"):
        assert uses[name].cpu_pct == pytest.approx(50, abs=0.5)
