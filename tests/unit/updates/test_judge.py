"""A failed webhook, a lost or twice answered message, a lost or repeated job: each is seen."""

from __future__ import annotations

import math
from typing import Any

import pytest
from updatelab import judge
from updatelab.judge import Job, Outcome
from updatelab.sender import Sent


def sent(number: int, status: int = 200, seconds: float = 0.01, error: str = "") -> Sent:
    return Sent(number, 100.0 + number / 100, seconds, status, error)


def say(*texts: str) -> list[dict[str, Any]]:
    return [{"text": text} for text in texts]


@pytest.mark.parametrize("status", [0, 201, 301, 429, 502, 504])
def test_a_webhook_that_was_not_taken_has_failed(status: int) -> None:
    assert [one.number for one in judge.failed([sent(1), sent(2, status), sent(3)])] == [2]


def test_errors_are_counted_most_frequent_first() -> None:
    found = [
        sent(1, 502, error="bad"),
        sent(2, 0, error="ClientOSError: reset"),
        sent(3, 502, error="bad"),
        sent(4),
    ]
    assert judge.first_errors(found) == ["2 x 502 bad", "1 x no answer ClientOSError: reset"]


def test_only_what_was_sent_within_a_window_counts() -> None:
    found = [sent(number) for number in range(10)]
    assert [one.number for one in judge.between(found, 100.02, 100.05)] == [2, 3, 4]


@pytest.mark.parametrize(("part", "expected"), [(0.5, 0.50), (0.99, 0.99), (1.0, 1.0)])
def test_quantiles_are_of_what_was_measured(part: float, expected: float) -> None:
    assert judge.latency([sent(n, seconds=n / 100) for n in range(1, 101)], part) == expected


def test_a_quantile_of_nothing_is_no_figure() -> None:
    assert math.isnan(judge.quantile([], 0.99))


def test_a_message_is_lost_or_answered_twice() -> None:
    answers = say("You said: r 0", "You said: r 2", "You said: r 2", "Hello! What shall I do?")
    assert judge.messages(say("r 0", "r 1", "r 2"), answers) == (["r 1"], ["r 2"])


def test_tellings_of_this_run_are_counted() -> None:
    answers = say(
        "The generation r-1 is ready.", "The generation r-1 is ready.", "The generation x-1 is ready.", "The"
    )
    assert judge.told(answers, "r") == {"r-1": 2}


@pytest.mark.parametrize(
    ("rows", "tellings", "expected"),
    [
        pytest.param([Job("r-0", "done", 1), Job("r-1", "done", 1)], {"r-0": 1}, ([], [], []), id="good"),
        pytest.param([Job("r-0", "done", 1)], {"r-0": 1}, (["r-1"], [], []), id="no_row"),
        pytest.param(
            [Job("r-0", "done", 1), Job("r-1", "stored", 1)], {"r-0": 1}, (["r-1"], [], []), id="unfinished"
        ),
        pytest.param(
            [Job("r-0", "done", 1), Job("r-1", "failed", 1)], {"r-0": 1}, (["r-1"], [], []), id="failed"
        ),
        pytest.param([Job("r-0", "done", 1), Job("r-1", "done", 1)], {}, (["r-0"], [], []), id="not_told"),
        pytest.param(
            [Job("r-0", "done", 2), Job("r-1", "done", 1)], {"r-0": 1}, ([], ["r-0"], []), id="begun_twice"
        ),
        pytest.param(
            [Job("r-0", "done", 1), Job("r-1", "done", 1)], {"r-0": 2}, ([], [], ["r-0"]), id="told_twice"
        ),
    ],
)
def test_jobs(
    rows: list[Job], tellings: dict[str, int], expected: tuple[list[str], list[str], list[str]]
) -> None:
    assert judge.jobs(["r-0", "r-1"], rows, tellings, ["r-0"]) == expected


GOOD = {"webhooks_sent": 10, "messages_said": 10}


def test_a_good_outcome_has_no_problem() -> None:
    assert Outcome(**GOOD, jobs_begun_twice=["r-0"], poll_gap_s=3.0).problems() == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("webhooks_failed", 1),
        ("messages_lost", ["r 1"]),
        ("messages_twice", ["r 1"]),
        ("jobs_lost", ["r-1"]),
        ("jobs_told_twice", ["r-1"]),
        ("overlaps", 1),
        ("webhooks_sent", 0),
        ("messages_said", 0),
    ],
)
def test_every_broken_promise_is_a_problem(what: str, value: object) -> None:
    assert len(Outcome(**GOOD | {what: value}).problems()) == 1  # type: ignore[arg-type]
