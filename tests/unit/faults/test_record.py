"""How the record is read: what is an overlap, what was left behind, how long nobody polled, what was lost."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest
from faultlab.record import (
    Absence,
    Poll,
    account,
    changes,
    delivered_late,
    handover_gap,
    judge,
    longest_gap,
    overlaps,
    polls,
)

ONE, TWO = "bot-polling-1", "bot-polling-2"


def entry(agent: str, started: float, **more: Any) -> dict[str, Any]:
    return {"user_agent": agent, "peer": "10.0.0.7:4711", "started": started, "ended": None, **more}


def test_a_guard_is_known_by_its_name_and_others_by_their_address() -> None:
    log = [entry("pollguard/1.2 bot-polling-1", 1.0), entry("axios", 2.0), entry("aiohttp", 3.0)]
    assert [poll.instance for poll in polls(log)] == [ONE, "axios @ 10.0.0.7", "aiohttp @ 10.0.0.7"]
    assert [poll.instance for poll in polls(log, {"10.0.0.7": TWO})] == [ONE, TWO, TWO]


def test_a_poll_is_over_when_it_can_receive_nothing_any_more() -> None:
    log = [entry("a", 1.0), entry("a", 2.0, ended=9.0, over=6.0, updates=[7]), entry("a", 3.0, ended=4.0)]
    assert [poll.over for poll in polls(log)] == [inf, 6.0, 4.0]
    assert polls(log)[1].updates == (7,)


@pytest.mark.parametrize(
    ("found", "count"),
    [
        pytest.param([Poll(ONE, 0, 5), Poll(TWO, 5, 9)], 0, id="one_after_the_other"),
        pytest.param([Poll(ONE, 0, 5), Poll(TWO, 4, 9)], 1, id="at_once"),
        pytest.param([Poll(ONE, 0, 5), Poll(TWO, 4.999, 9)], 0, id="hanging_up_is_seen_late"),
        pytest.param([Poll(ONE, 0, 5), Poll(ONE, 4, 9)], 0, id="the_same_one"),
        pytest.param([Poll(TWO, 4, 9), Poll(ONE, 0, inf)], 1, id="never_over"),
        pytest.param([Poll(ONE, 0, 5.001, (), True), Poll(TWO, 5, 9)], 1, id="ended_by_the_other"),
        pytest.param([Poll(ONE, 0, 5.001, (), True), Poll(ONE, 5, 9)], 0, id="ended_by_itself"),
        pytest.param([Poll(ONE, 0, 9), Poll(TWO, 1, 2), Poll(TWO, 3, 4)], 2, id="twice"),
    ],
)
def test_overlaps(found: list[Poll], count: int) -> None:
    assert len(overlaps(found)) == count


@pytest.mark.parametrize(
    ("absence", "count", "behind"),
    [
        pytest.param(Absence(ONE, 3, 3.1, "killed"), 0, 1, id="in_flight_when_killed"),
        pytest.param(Absence(ONE, 3, 8, "frozen"), 0, 1, id="frozen"),
        pytest.param(Absence(TWO, 3, 8, "frozen"), 0, 1, id="sent_by_a_cut_off_one"),
        pytest.param(Absence(ONE, 6, 8, "frozen"), 1, 1, id="later"),
        pytest.param(Absence(ONE, 20, 30, "frozen"), 1, 0, id="too_late"),
        pytest.param(Absence("bot-polling-3", 3, 8, "frozen"), 1, 0, id="another"),
    ],
)
def test_only_what_an_absent_one_left_behind_is_no_overlap(absence: Absence, count: int, behind: int) -> None:
    verdict = judge([Poll(ONE, 0, 10), Poll(TWO, 5, 9)], [absence], 0, 10)
    assert (len(verdict.overlaps), len(verdict.left_behind)) == (count, behind)


def test_a_poll_sent_after_it_was_healed_counts() -> None:
    found = [Poll(ONE, 0, 9), Poll(TWO, 5, 20), Poll(ONE, 9.5, 12)]
    verdict = judge(found, [Absence(ONE, 2, 9.2, "frozen")], 0, 20)
    assert [(one.older.instance, one.newer.instance) for one in verdict.overlaps] == [(TWO, ONE)]


def test_what_a_frozen_one_left_behind_is_no_poll() -> None:
    found = [Poll(ONE, 0, 30), Poll(TWO, 6, 20)]
    assert judge(found, [], 0, 20).gap == 0
    verdict = judge(found, [Absence(ONE, 2, 15, "frozen")], 0, 20)
    assert (verdict.gap, verdict.gap_at) == (4, 2)


@pytest.mark.parametrize(
    ("found", "gap"),
    [
        pytest.param([], (10, 0), id="nobody"),
        pytest.param([Poll(ONE, -5, 3), Poll(TWO, 4, 20)], (1, 3), id="between"),
        pytest.param([Poll(ONE, -5, 3)], (7, 3), id="at_the_end"),
        pytest.param([Poll(ONE, 2, 9), Poll(ONE, 3, 4), Poll(TWO, 9.5, 11)], (2, 0), id="within_another"),
        pytest.param([Poll(ONE, -5, inf)], (0, 0), id="always"),
    ],
)
def test_longest_gap(found: list[Poll], gap: tuple[float, float]) -> None:
    assert longest_gap(found, 0, 10) == pytest.approx(gap)


def test_a_hand_over_is_not_charged_with_what_was_before_it() -> None:
    found = [Poll(ONE, 0, 4), Poll(TWO, 6, 9)]
    assert handover_gap(found, 5, ONE) == 1
    assert handover_gap(found, 1, ONE) == 2
    assert handover_gap([Poll(ONE, 0, 7), Poll(TWO, 6, 9)], 5, ONE) == 0
    assert handover_gap(found, 7, ONE) is None
    assert len(changes(found)) == 1


def test_account() -> None:
    said = [{"text": f"load {number}"} for number in range(3)]
    answers = [
        {"text": f"load 0 | {ONE}"},
        {"text": f"load 2 | {ONE}"},
        {"text": f"load 2 | {TWO}"},
        {"text": "?"},
    ]
    told = account(said, answers)
    assert (told.said, told.lost, told.twice) == (3, ["load 1"], ["load 2"])
    assert told.answered_by["load 2"] == [ONE, TWO]


def test_what_a_frozen_one_delivers_is_seen() -> None:
    said = [{"text": f"load {number}", "update_id": number} for number in range(5)]
    answers = [{"text": f"load {number} | {ONE}"} for number in range(4)] + [{"text": f"load 4 | {TWO}"}]
    found = [
        Poll(ONE, 0, 9.9, (0,)),  # before it was frozen
        Poll(ONE, 9.9, 10.5, (1, 4)),  # meanwhile; the last one was refused by the fence
        Poll(TWO, 13, 14, (2, 4)),
        Poll(ONE, 15, 20, (2,)),  # meanwhile, and once more when it had become active again
        Poll(ONE, 31, 32, (2, 3)),
    ]
    assert delivered_late(found, said, account(said, answers), ONE, 10, 30) == ["load 1"]


def test_a_conflict_is_known_before_it_was_told() -> None:
    log = [entry("a", 1.0, over=2.0), entry("a", 2.0, over=3.0, ended=6.0, status=409), entry("a", 7.0)]
    assert [poll.ended_by_another for poll in polls(log)] == [True, True, False]
