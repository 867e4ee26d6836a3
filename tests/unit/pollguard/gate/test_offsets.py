"""The bot's position, against Telegram's queue: nothing is lost, and nothing comes twice without a reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from pollguard.gate.offsets import Position

MAX_AHEAD = 10
"""Telegram reads an offset that is further ahead of its queue as none."""


@dataclass
class Telegram:
    """The queue of one bot: an offset belongs to the bot, and what is below it is forgotten."""

    tail: int
    pending: list[int] = field(default_factory=list)

    def push(self, count: int) -> None:
        self.pending += range(self.tail, self.tail + count)
        self.tail += count

    def poll(self, offset: int | None, limit: int) -> list[int]:
        if offset is not None and offset <= self.tail + MAX_AHEAD:
            self.pending = [one for one in self.pending if one >= offset]
        return self.pending[:limit]


class PositionMachine(RuleBasedStateMachine):
    """A COMMAND after the other behind the gate. Each has a framework that asks as it likes."""

    redeliver = True

    @initialize(tail=st.integers(1, 1000))
    def begin(self, tail: int) -> None:
        self.telegram = Telegram(tail)
        self.first = tail
        self.position = Position()
        self.stored: tuple[int | None, int | None] = (None, None)  # what Redis knows
        self.command = 1
        self.next_offset: int | None = None
        self.got: dict[int, list[tuple[int, bool]]] = {}
        """Update → the COMMANDs that got it, and whether that one asked for what it had again."""
        self.crashed: set[int] = set()

    @rule(count=st.integers(1, 5))
    def write(self, count: int) -> None:
        self.telegram.push(count)

    @rule(limit=st.integers(1, 6), is_written=st.booleans())
    def poll(self, limit: int, is_written: bool) -> None:
        """What a framework does: with the offset behind what it has got, or none yet."""
        self._poll(self.next_offset, limit, is_written=is_written, again=False)

    @rule(back=st.none() | st.integers(0, 20), limit=st.integers(1, 6), is_written=st.booleans())
    def poll_again(self, back: int | None, limit: int, is_written: bool) -> None:
        """With a stale offset, 0, or none."""
        stale = None if back is None else max(0, (self.next_offset or 0) - back)
        self._poll(stale, limit, is_written=is_written, again=True)

    @precondition(lambda self: self.position.delivered is not None)
    @rule(ahead=st.integers(1, 30), limit=st.integers(1, 6), is_written=st.booleans())
    def poll_ahead(self, ahead: int, limit: int, is_written: bool) -> None:
        """With an offset for what this cluster has not seen."""
        self._poll((self.position.delivered or 0) + ahead, limit, is_written=is_written, again=True)

    @rule()
    def hand_over(self) -> None:
        handed = self.position.handed
        if handed is not None:
            self.stored = (handed, handed)
        self._next()

    @rule()
    def crash(self) -> None:
        self.crashed.add(self.command)
        self._next()

    def _next(self) -> None:
        self.command += 1
        self.next_offset = None
        self.position = Position.taken_over(*self.stored, redeliver=self.redeliver)

    def _poll(self, offset: int | None, limit: int, *, is_written: bool, again: bool) -> None:
        self.position = self.position.polled(offset)
        asked = self.position.confirmed
        ids = self.telegram.poll(asked, limit)
        if not ids:
            return
        self.position = self.position.received(ids)
        assert self.position.delivered is not None
        self.stored = (self.position.delivered, self.position.confirmed)
        if not is_written:
            return
        self.position = self.position.written(max(ids) + 1)
        for one in ids:
            self.got.setdefault(one, []).append((self.command, again))
        self.next_offset = max(self.next_offset or 0, max(ids) + 1)

    @invariant()
    def nothing_is_lost(self) -> None:
        """What Telegram has forgotten, some COMMAND has got."""
        if self.redeliver and hasattr(self, "telegram"):
            known = set(self.telegram.pending) | set(self.got)
            assert known == set(range(self.first, self.telegram.tail))

    @invariant()
    def nothing_comes_twice(self) -> None:
        for update, times in getattr(self, "got", {}).items():
            for (former, _), (later, again) in pairwise(times):
                if former == later:
                    assert again, f"{update} came twice to COMMAND {later}, which didn't ask for it again"
                else:
                    assert self.redeliver, f"{update} came to COMMAND {former} and {later}"
                    assert set(range(former, later)) & self.crashed, f"{update} came twice without a crash"

    @invariant()
    def offsets_are_in_order(self) -> None:
        position = getattr(self, "position", None)
        if position is not None and position.confirmed is not None:
            assert position.handed is not None
            assert position.delivered is not None
            assert position.confirmed <= position.handed <= position.delivered


class WithoutRedelivery(PositionMachine):
    """What a dead COMMAND may not have finished is lost, and nothing ever comes to two."""

    redeliver = False


RUNS = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestPosition = PositionMachine.TestCase
TestPosition.settings = RUNS
TestPositionWithoutRedelivery = WithoutRedelivery.TestCase
TestPositionWithoutRedelivery.settings = RUNS


@pytest.mark.parametrize(
    ("delivered", "confirmed", "redeliver", "start"),
    [
        (None, None, True, None),
        (None, None, False, None),
        (20, 20, True, 20),  # a hand-over
        (20, 20, False, 20),
        (20, 10, True, 10),  # a crash
        (20, 10, False, 20),
        (20, None, True, 20),
    ],
)
def test_where_a_tenure_starts(
    delivered: int | None, confirmed: int | None, redeliver: bool, start: int | None
) -> None:
    assert Position.taken_over(delivered, confirmed, redeliver=redeliver) == Position(start, start, start)


@pytest.mark.parametrize(
    ("before", "offset", "after"),
    [
        (Position(), None, Position()),
        (Position(), 0, Position()),
        (Position(), -1, Position()),
        # Nobody knows better than the framework yet.
        (Position(), 7, Position(7, 7, 7)),
        (Position(10, 20, 20), None, Position(10, 20, 20)),
        (Position(10, 20, 20), 5, Position(10, 20, 20)),
        (Position(10, 20, 20), 15, Position(15, 20, 20)),
        (Position(10, 20, 20), 20, Position(20, 20, 20)),
        # More than anybody has seen.
        (Position(10, 20, 20), 21, Position(20, 20, 20)),
        # Its answer was not written to the end, as far as the gate knows; COMMAND knows better.
        (Position(10, 10, 20), 20, Position(20, 20, 20)),
        # But an offset of its own invention says nothing of what it got.
        (Position(10, 10, 20), 25, Position(10, 10, 20)),
    ],
)
def test_what_a_poll_confirms(before: Position, offset: int | None, after: Position) -> None:
    assert before.polled(offset) == after


@pytest.mark.parametrize(
    ("before", "ids", "after", "written"),
    [
        (Position(), [5, 6], Position(5, 5, 7), Position(5, 7, 7)),
        (Position(5, 5, 5), [5, 7], Position(5, 5, 8), Position(5, 8, 8)),
        (Position(5, 8, 8), [5, 6], Position(5, 8, 8), Position(5, 8, 8)),
        # Only a part of what was lost on the way the first time.
        (Position(5, 5, 9), [5], Position(5, 5, 9), Position(5, 6, 9)),
        # Telegram began to count anew.
        (Position(900, 900, 900), [3, 4], Position(3, 3, 5), Position(3, 5, 5)),
    ],
)
def test_what_updates_move(before: Position, ids: list[int], after: Position, written: Position) -> None:
    assert before.received(ids) == after
    assert before.received(ids).written(max(ids) + 1) == written
