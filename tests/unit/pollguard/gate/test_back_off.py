"""When Telegram may be polled again after errors."""

from __future__ import annotations

import json

import pytest
from pollguard.gate.back_off import BackOff
from pollguard.gate.upstream import Reply


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def too_many(seconds: object) -> Reply:
    return Reply(429, json.dumps({"ok": False, "parameters": {"retry_after": seconds}}).encode())


@pytest.mark.parametrize(
    ("reply", "pauses"),
    [
        (None, [0.25, 0.5, 1, 2, 2]),
        (Reply(502, b""), [0.25, 0.5, 1, 2, 2]),
        (Reply(200, b"<html>"), [0.25, 0.5]),
        (Reply(401, b""), [1, 2, 4, 8, 16, 30, 30]),
        (Reply(409, b""), [1, 2, 4]),
        (too_many(7), [7, 7]),
        (too_many(0), [0.5]),
        (too_many("soon"), [5]),
        (Reply(429, b"no JSON"), [5]),
    ],
)
def test_pauses(reply: Reply | None, pauses: list[float]) -> None:
    back_off = BackOff(Clock())
    found = []
    for _pause in pauses:
        back_off.failed(reply)
        found.append(back_off.not_before - 100)
    assert found == pauses
    back_off.succeeded()
    back_off.failed(Reply(502, b""))
    assert back_off.not_before == 100.25


def test_a_time_that_telegram_has_set_outlasts_a_reset() -> None:
    back_off = BackOff(Clock())
    back_off.failed(too_many(30))
    back_off.reset()
    assert back_off.not_before == 130
    back_off.failed(Reply(502, b""))
    back_off.reset()
    assert back_off.not_before == 0
