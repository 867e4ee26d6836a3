"""What the lines of a log amount to."""

from __future__ import annotations

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._instances.log_lines import (
    ERROR_PATTERNS,
    InstanceLog,
    Judge,
    Line,
    Position,
    lines_of,
)

ONE, TWO, THREE = (f"2026-03-01T12:00:0{second}.000000000Z" for second in (1, 2, 3))


def test_lines_are_split_and_keep_their_times() -> None:
    log = f"{ONE} first \r\n{TWO} \n{TWO} last  \n"
    assert lines_of(log) == [Line(ONE, "first "), Line(TWO, ""), Line(TWO, "last  ")]


def test_a_line_without_a_time_gets_the_one_before_it() -> None:
    assert lines_of(f"lost\n{ONE} a\nb\n") == [Line("", "lost"), Line(ONE, "a"), Line(ONE, "b")]


def test_parts_of_a_long_line_are_put_together() -> None:
    """An engine cuts at 16 KiB, and a secret may lie across the border."""
    half = "x" * (16384 - 4)
    (line,) = lines_of(f"{ONE} {half}corr{TWO} ect-horse\n")
    assert line == Line(ONE, f"{half}correct-horse")
    # In a short line it is what somebody has written.
    assert lines_of(f"{ONE} since {TWO} it waits") == [Line(ONE, f"since {TWO} it waits")]


LOG = [Line(ONE, "a"), Line(TWO, "b"), Line(TWO, "c"), Line(THREE, "d")]


@pytest.mark.parametrize(
    ("position", "fresh", "moved"),
    [
        ("", "abcd", f"{THREE}/1"),
        (f"{ONE}/1", "bcd", f"{THREE}/1"),
        # Of lines of the same time some may have come later.
        (f"{TWO}/1", "cd", f"{THREE}/1"),
        (f"{TWO}/2", "d", f"{THREE}/1"),
        (f"{THREE}/1", "", f"{THREE}/1"),
    ],
)
def test_only_what_came_later_is_new(position: str, fresh: str, moved: str) -> None:
    at = Position.read(position)
    assert str(at) == position
    found = at.after(LOG)
    assert "".join(line.text for line in found) == fresh
    assert str(at.moved(found)) == moved


def test_positions_count_lines_of_the_same_time() -> None:
    at = Position.read(f"{TWO}/1").moved([Line(TWO, "c"), Line(TWO, "e")])
    assert str(at) == f"{TWO}/3"


@pytest.mark.parametrize("text", ["yesterday", f"{ONE}", f"{ONE}/x", "2026-03-01/1"])
def test_what_is_no_position_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a position"):
        Position.read(text)


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ('{"level": "error", "message": "x"}', True),
        ('{"levelname":"CRITICAL"}', True),
        ("time=x level=error msg=y", True),
        ("2026-03-01 12:00:00,000 ERROR app: no", True),
        ("2026/03/01 12:00:00 [error] 7#7: *1 connect() failed", True),
        ("Traceback (most recent call last):", True),
        ("ImportError: cannot import name 'x'", True),
        ("aiogram.exceptions.TelegramConflictError: Conflict", True),
        ("panic: runtime error", True),
        ("UnhandledPromiseRejection: x", True),
        # The level decides, whatever the words are.
        ('{"level": "info", "message": "fal.ai says ERROR"}', False),
        ('10.0.0.1 - - [01/Mar/2026] "GET /error HTTP/1.1" 404', False),
        ("2026-03-01 12:00:00,000 WARNING app: an error may follow", False),
        ("no errors at all", False),
        ("Errors: 0", False),
    ],
)
def test_which_lines_tell_of_an_error(line: str, error: bool) -> None:
    assert Judge.of(ERROR_PATTERNS)(line) is error


def test_ignored_lines_are_none() -> None:
    judge = Judge.of(["ERROR"], ["timed out"])
    assert [judge("ERROR: x"), judge("ERROR: it timed out")] == [True, False]


def test_what_is_no_pattern_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected a regular expression, found '\('"):
        Judge.of(["("])


def test_what_a_log_amounts_to() -> None:
    lines = [Line(ONE, "ERROR one"), Line(TWO, f"ERROR {'x' * 600}"), Line(THREE, "well")]
    told = InstanceLog("w", "worker").told(lines, Judge.of(["ERROR"]), len, content=True)
    assert (told.lines, told.errors, told.last_error_age_s) == (3, 2, 30)
    assert told.last_error == f"ERROR {'x' * 494}"
    assert told.content == f"{ONE} ERROR one\n{TWO} ERROR {'x' * 600}\n{THREE} well\n"
    quiet = InstanceLog("w", "worker").told([], Judge.of(["ERROR"]), lambda _at: 1.0, content=False)
    assert quiet.as_dict() == {
        "name": "w",
        "component": "worker",
        "lines": 0,
        "errors": 0,
        "last_error": None,
        "last_error_age_s": None,
        "cut": False,
        "position": "",
        "problem": None,
    }
