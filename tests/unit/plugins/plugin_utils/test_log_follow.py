"""How lines of several logs are shown together."""

from __future__ import annotations

from typing import Any

from ansible_collections.aisha.cluster.plugins.module_utils._instances.log_lines import Line
from ansible_collections.aisha.cluster.plugins.plugin_utils._log_follow import Shown, in_order, notes


def at(second: int) -> str:
    return f"2026-03-01T12:00:0{second}.120000000Z"


def test_lines_are_in_the_order_of_their_times() -> None:
    instances: list[dict[str, Any]] = [
        {"name": "w-1", "content": f"{at(1)} a\n{at(4)} d\n"},
        {"name": "w-2", "content": f"{at(2)} b\n{at(3)} c\n"},
        {"name": "w-3", "content": None},
    ]
    shown = in_order(instances, 10)
    who = [(one.instance, one.line.text) for one in shown]
    assert who == [("w-1", "a"), ("w-2", "b"), ("w-2", "c"), ("w-1", "d")]
    assert [one.line.text for one in in_order(instances, 1)] == ["c", "d"]
    assert in_order(instances, 0) == []


def test_a_line_says_when_and_who() -> None:
    assert Shown("w-1", Line(at(1), "it works")).text("one") == "12:00:01.120 one/w-1 | it works"


def test_a_line_does_nothing_to_the_terminal() -> None:
    text = "\x1b[31mred\x1b[0m \x1b]0;title\x07tab\there \x08\x9b2J"
    assert Shown("w", Line(at(1), text)).text("one") == "12:00:01.120 one/w | red tab\there ??2J"


def test_logs_that_can_not_be_read_are_named() -> None:
    assert notes([{"name": "w-1", "problem": "no driver"}, {"name": "w-2", "problem": None}], "one") == [
        "one/w-1: its log can't be read: no driver"
    ]
