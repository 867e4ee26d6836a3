"""Calls of a COMMAND whose guard lost the lease to another, with updates that it had not polled past."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from gate_inside import InsideGate, answering, serving
from pollguard.clock import now
from pollguard.gate.offsets import Position

AT_WORK = Position(confirmed=5, handed=7, delivered=7)


@pytest.fixture
async def gate() -> AsyncIterator[InsideGate]:
    async with answering() as upstairs, serving(InsideGate(upstairs.url, "1:x")) as made:
        made.updates.position = AT_WORK
        yield made


async def status(gate: InsideGate, method: str) -> int:
    return int((await gate.call(method))["status"])


@pytest.mark.parametrize(
    ("method", "expected"), [("sendMessage", 403), ("EDITMESSAGETEXT", 403), ("getMe", 200), ("getFile", 200)]
)
async def test_only_what_asks_passes(gate: InsideGate, method: str, expected: int) -> None:
    assert await status(gate, method) == 200
    gate.lease.lost_at = now()
    assert await status(gate, method) == expected


@pytest.mark.parametrize("position", [Position(), Position(7, 7, 7), Position(5, 5, 7)])
async def test_what_was_polled_past_or_never_handed_out_comes_to_nobody_else(
    gate: InsideGate, position: Position
) -> None:
    gate.updates.position = position
    gate.lease.lost_at = now()
    assert await status(gate, "sendMessage") == 200


async def test_a_bot_that_has_been_quiet_has_finished(gate: InsideGate) -> None:
    gate.lease.lost_at = now() - 0.6
    assert await status(gate, "sendMessage") == 200
    assert gate.lease.lost_at is None


async def test_a_bot_that_is_never_quiet_is_not_refused_for_ever(gate: InsideGate) -> None:
    gate.lease.lost_at = began = now()
    while await status(gate, "sendMessage") == 403:
        assert now() - began < 4
    assert now() - began >= 2


@pytest.mark.parametrize(("failing", "expected"), [(False, 403), (True, 200)])
async def test_who_wakes_asks_before_it_passes_anything_on(
    gate: InsideGate, failing: bool, expected: int
) -> None:
    """With Redis away nobody can have taken the lease through it, and the answer is nobody else's to give."""
    gate.lease.tenure, gate.lease.active, gate.lease.failing = object(), False, failing
    gate.lease.taken_by_another = True
    assert await status(gate, "sendMessage") == expected
