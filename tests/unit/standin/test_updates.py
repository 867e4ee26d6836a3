"""The queue: offsets, limits, confirmations, allowed types."""

from __future__ import annotations

import pytest
from standin.updates import ASKED_FOR_TYPES, DEFAULT_TYPES, MAX_AHEAD, UpdateQueue, parse_allowed_types

FIRST = 100


def filled(count: int = 5) -> UpdateQueue:
    queue = UpdateQueue(first_id=FIRST)
    for number in range(count):
        queue.push("message", {"text": str(number)})
    return queue


@pytest.mark.parametrize(
    ("offset", "limit", "given", "left"),
    [
        pytest.param(0, 100, [100, 101, 102, 103, 104], 5, id="no offset confirms nothing"),
        pytest.param(0, 2, [100, 101], 5, id="limit takes the oldest"),
        pytest.param(FIRST, 100, [100, 101, 102, 103, 104], 5, id="the oldest's own id confirms nothing"),
        pytest.param(FIRST + 2, 100, [102, 103, 104], 3, id="a higher offset confirms what is before"),
        pytest.param(FIRST + 5, 100, [], 0, id="past the newest confirms all"),
        pytest.param(FIRST + 5 + MAX_AHEAD, 100, [], 0, id="a little ahead confirms all"),
        pytest.param(FIRST + 6 + MAX_AHEAD, 100, [100, 101, 102, 103, 104], 5, id="far ahead is a mistake"),
        pytest.param(1, 100, [100, 101, 102, 103, 104], 5, id="before the oldest"),
        pytest.param(-1, 100, [104], 1, id="negative keeps the newest"),
        pytest.param(-3, 2, [102, 103], 3, id="negative forgets what is before, limit or not"),
        pytest.param(-9, 100, [100, 101, 102, 103, 104], 5, id="more than there are"),
    ],
)
def test_take(offset: int, limit: int, given: list[int], left: int) -> None:
    queue = filled()
    updates = queue.take(queue.resolve(offset), limit)
    assert [update.update_id for update in updates] == given
    assert len(queue) == left


def test_given_again_until_confirmed() -> None:
    queue = filled(2)
    for _ in range(3):
        assert [update.update_id for update in queue.take(queue.resolve(0), 100)] == [100, 101]
    assert queue.take(queue.resolve(FIRST + 1), 100)[0].as_json() == {
        "update_id": 101,
        "message": {"text": "1"},
    }
    assert queue.forgotten.confirmed == 1
    assert queue.forgotten.up_to == FIRST


def test_confirmed_stay_confirmed_for_a_lower_offset() -> None:
    queue = filled()
    queue.take(FIRST + 4, 100)
    assert [update.update_id for update in queue.take(FIRST, 100)] == [104]


def test_ids_go_on_after_everything_was_cleared() -> None:
    queue = filled(3)
    queue.clear()
    assert queue.push("message", {}) == FIRST + 3
    assert queue.forgotten.cleared == 3


def test_first_id_is_positive_and_random() -> None:
    assert len({UpdateQueue().tail for _ in range(5)}) > 1
    assert UpdateQueue().tail > 0


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("", None),
        ("null", None),
        ("not JSON", None),
        ("[1]", None),
        ('{"message": 1}', None),
        ("[]", DEFAULT_TYPES),
        ('["no_such_type"]', DEFAULT_TYPES),
        ('["Message"]', frozenset({"message"})),
        ('["message","chat_member","x"]', frozenset({"message", "chat_member"})),
    ],
)
def test_allowed_types(text: str, types: frozenset[str] | None) -> None:
    assert parse_allowed_types(text) == types


def test_types_that_are_not_allowed_never_enter() -> None:
    queue = UpdateQueue(first_id=FIRST)
    assert [queue.push(type_, {}) for type_ in sorted(ASKED_FOR_TYPES)] == [None, None, None]
    assert queue.set_allowed('["callback_query"]')
    assert queue.push("message", {}) is None
    assert not queue.set_allowed("")
    assert queue.push("callback_query", {}) == FIRST
