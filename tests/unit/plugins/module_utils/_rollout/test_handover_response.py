"""The guard's response to an order to hand over."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._core.docker import ExecResult
from ansible_collections.aisha.cluster.plugins.module_utils._rollout.errors import NotAsExpected
from ansible_collections.aisha.cluster.plugins.module_utils._rollout.handover_response import (
    Response,
    older_response,
    response,
)

TAKEN = {"done": True, "outcome": "taken", "holder": "two", "gap_s": 0.004, "message": "secret words"}


def redact(text: str) -> str:
    return text.replace("secret", "***")


@pytest.mark.parametrize(
    ("code", "fields", "expected"),
    [
        (0, TAKEN, Response(True, "*** words", "taken", "two", 0.004)),
        (0, {**TAKEN, "message": "reworded"}, Response(True, "reworded", "taken", "two", 0.004)),
        (0, {**TAKEN, "added_later": 1}, Response(True, "*** words", "taken", "two", 0.004)),
        (
            1,
            {**TAKEN, "done": False, "outcome": "no_standby", "holder": None, "gap_s": None},
            Response(False, "*** words", "no_standby"),
        ),
    ],
)
def test_fields_decide(code: int, fields: dict[str, Any], expected: Response) -> None:
    assert response(ExecResult(code, json.dumps(fields), ""), redact) == expected


@pytest.mark.parametrize("output", ["", "two took over", "[]", "null", '{"message": "two took over"}'])
def test_a_response_without_fields_is_never_done(output: str) -> None:
    assert response(ExecResult(1, output, "no guard runs here"), redact).outcome == "no_answer"
    with pytest.raises(NotAsExpected, match="a response that isn't a guard's"):
        response(ExecResult(0, output, ""), redact)


@pytest.mark.parametrize(("code", "done"), [(0, True), (1, False), (None, False)])
def test_the_exit_code_of_an_older_guard_decides(code: int | None, done: bool) -> None:
    found = older_response(ExecResult(code, "secret words\n", ""), redact)
    assert found == Response(done, "*** words")
