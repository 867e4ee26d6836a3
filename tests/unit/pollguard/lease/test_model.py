"""The pure parts of the lease: keys, answers, when to ask next."""

from __future__ import annotations

import pytest
from pollguard.config import Margins
from pollguard.lease.model import Answer, Keys, LeaseError, next_request, parse_answer


@pytest.mark.parametrize(
    ("lease", "state", "notice"),
    [
        ("pollguard:{1}:lease", "pollguard:{1}:state", "pollguard:{1}:notice"),
        ("mine", "{mine}:state", "{mine}:notice"),
        ("a{b}c", "a{b}c:state", "a{b}c:notice"),
    ],
)
def test_keys_share_a_hash_slot(lease: str, state: str, notice: str) -> None:
    keys = Keys(lease)
    assert (keys.state, keys.notice) == (state, notice)


def test_answers() -> None:
    taken = parse_answer([1, "t 7 one", 2500, 0, "13", "9", "99", "b", "c"], 1.0)
    assert taken == Answer(True, "one", 7, 2.5, ("b", "c"), 1.0, False, 13, 9, "99")
    assert parse_answer([0, "", 0, 0, "", "", ""], 1.0) == Answer(False, "", 0, 0.0, (), 1.0)
    assert parse_answer([0, "", 0, 1, "", "", ""], 1.0) == Answer(False, "", 0, 0.0, (), 1.0, released=True)
    assert parse_answer([0, "t 7 one", -1, 0, "", "", ""], 1.0).left == 3600.0
    assert parse_answer([0, "", 900, 0, "", "", ""], 1.0) == Answer(False, "", 0, 0.9, (), 1.0)
    for value in ("x", "a b c", "a 1 b c"):
        with pytest.raises(LeaseError):
            parse_answer([0, value, 1, 0, "", "", ""], 1.0)


def test_when_to_ask_next() -> None:
    margins = Margins()

    def answered(left: float, at: float = 10.01) -> Answer:
        return Answer(False, "two", 1, left, (), at)

    assert next_request(9.0, answered(0.1), margins, 10.0) == 10.5
    assert next_request(None, answered(2.0), margins, 10.0) == 10.5
    assert next_request(None, answered(0.2), margins, 10.0) == pytest.approx(10.212)
    assert next_request(None, answered(0.001), margins, 10.0) == pytest.approx(10.015)
    assert next_request(None, answered(0.0), margins, 10.0) == 10.5
    assert next_request(None, None, margins, 10.0) == 10.5
