"""Questions that are asked at the same time."""

from __future__ import annotations

import threading
import time

from ansible_collections.aisha.cluster.plugins.module_utils._core.parallel import run_parallel


def refuse() -> str:
    raise ValueError("no")


def test_answers_come_in_the_order_of_the_questions() -> None:
    first = threading.Event()

    def late() -> str:
        assert first.wait(5)
        return "late"

    def early() -> str:
        first.set()
        return "early"

    # One after the other they would never end.
    answers = run_parallel({"a": late, "b": early, "c": refuse}, 5)
    assert [*answers] == ["a", "b", "c"]
    assert (answers["a"], answers["b"], repr(answers["c"])) == ("late", "early", "ValueError('no')")


def test_those_that_hang_cost_the_timeout_once() -> None:
    forever = threading.Event()
    began = time.monotonic()
    answers = run_parallel({"a": forever.wait, "b": forever.wait, "c": lambda: True}, 0.2)
    assert time.monotonic() - began < 1
    assert answers["c"] is True
    assert [str(answers[name]) for name in "ab"] == ["no answer within 0.2 s"] * 2
    assert isinstance(answers["a"], TimeoutError)


def test_no_question_has_no_answer() -> None:
    assert run_parallel({}, 1) == {}
