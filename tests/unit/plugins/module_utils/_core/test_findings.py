"""Checks: asked at the same time, and each one that hangs or raises becomes a failed one."""

from __future__ import annotations

import threading
import time
from functools import partial

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._core.findings import Check, run_all


def passed(name: str) -> list[Check]:
    return [Check(name, "thing", "passed", found="well")]


def test_a_status_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="found 'good'"):
        Check("disk", "/", "good")


def test_all_are_asked_and_keep_their_order() -> None:
    barrier = threading.Barrier(3, timeout=5)

    def question(name: str) -> list[Check]:
        barrier.wait()  # Nobody gets past it unless all are asked at once.
        return passed(name)

    names = ("c", "a", "b")
    checks = run_all({(name, "thing"): partial(question, name) for name in names}, timeout=5)
    assert [check.check for check in checks] == list(names)


def test_those_that_hang_cost_their_time_out_once() -> None:
    never = threading.Event()

    def hang() -> list[Check]:
        never.wait(30)
        return []

    began = time.monotonic()
    checks = run_all(
        {("dns", "one"): hang, ("dns", "two"): hang, ("disk", "/"): lambda: passed("disk")}, timeout=0.3
    )
    assert time.monotonic() - began < 1
    never.set()
    assert [check.status for check in checks] == ["failed", "failed", "passed"]
    assert checks[0] == Check("dns", "one", "failed", "an answer", "no answer within 0.3 s")


def test_one_that_raises_is_a_failed_check_that_says_so() -> None:
    def broken() -> list[Check]:
        raise OSError(5, "Input/output error")

    checks = run_all({("disk", "/srv"): broken, ("memory", ""): lambda: passed("memory")}, timeout=5)
    assert checks[0].status == "failed"
    assert checks[0].subject == "/srv"
    assert "Input/output error" in checks[0].found
    assert checks[1].status == "passed"
