# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lines of a container's log: which are new, and which tell of an error.

Private to this collection. No I/O here. What is read is an engine's log with its timestamps: all of one
length and in UTC, so that they sort as text.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

# What nginx calls an error, and is a client's doing.
IGNORED_PATTERNS = ("access forbidden by rule", "limiting requests, excess")
ERROR_PATTERNS = (
    # JSON that names its level; such a line is judged by nothing else.
    r'(?i)"(level|levelname|severity)":\s*"(error|critical|fatal|panic|alert|emergency)"',
    r"(?i)\blevel=(error|critical|fatal|panic)\b",
    r'^(?!.*"(level|levelname|severity)":).*\b(ERROR|CRITICAL|FATAL|PANIC)\b',
    r"\[(error|crit|alert|emerg)\]",
    r"^Traceback \(most recent call last\)",
    r"^([A-Za-z_]\w*\.)*[A-Za-z_]\w*(Error|Exception)\b",
    r"^(panic|fatal error): ",
    r"\bUn(handled|caught)[A-Za-z]*(Error|Exception|Rejection)\b",
)

_STAMP = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{9}Z"
_LINE = re.compile(rf"({_STAMP}) (.*)", re.DOTALL)
# Of a line that is longer than this the engine keeps parts, each with a timestamp in front of it.
_PART = 16384
_PARTS = re.compile(rf"{_STAMP} ")
_LONGEST_ERROR = 500


@dataclass(frozen=True)
class Line:
    """One line, and when it was written, as the engine says it; empty where it doesn't."""

    at: str
    text: str

    def __str__(self) -> str:
        return f"{self.at} {self.text}" if self.at else self.text


class InvalidValueError(ValueError):
    """A value that can't be used.

    Args:
        expected: what it should be.
        found: what it is.
    """

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.expected = expected
        self.found = found


@dataclass(frozen=True)
class Position:
    """Up to where a log was read: the time of the last line, and how many lines there were of that time."""

    at: str = ""
    count: int = 0

    @classmethod
    def read(cls, text: str) -> Position:
        """Parse what str() wrote. Raises InvalidValueError when it is something else."""
        at, _slash, count = text.partition("/")
        if text and not (re.fullmatch(_STAMP, at) and count.isdecimal()):
            raise InvalidValueError("a position as it was returned", repr(text))
        return cls(at, int(count or 0))

    def __str__(self) -> str:
        return f"{self.at}/{self.count}" if self.at else ""

    def after(self, lines: Sequence[Line]) -> list[Line]:
        """Return the lines that come after it."""
        met = 0
        fresh: list[Line] = []
        for line in lines:
            met += line.at == self.at
            if line.at > self.at or (line.at == self.at and met > self.count):
                fresh.append(line)
        return fresh

    def moved(self, fresh: Sequence[Line]) -> Position:
        """Return the position behind lines that come after it."""
        last = max((line.at for line in fresh), default="")
        if not last:
            return self
        same = sum(line.at == last for line in fresh)
        return Position(last, same + (self.count if last == self.at else 0))


@dataclass(frozen=True)
class Judge:
    """Tells the lines that tell of an error: those in which a pattern is found, and none of the ignored."""

    patterns: tuple[re.Pattern[str], ...]
    ignored: tuple[re.Pattern[str], ...] = ()

    @classmethod
    def of(cls, patterns: Iterable[str], ignored: Iterable[str] = ()) -> Judge:
        """Raises InvalidValueError for what is no regular expression."""
        return cls(tuple(map(pattern_of, patterns)), tuple(map(pattern_of, ignored)))

    def __call__(self, text: str) -> bool:
        return any(one.search(text) for one in self.patterns) and not any(
            one.search(text) for one in self.ignored
        )


@dataclass(frozen=True)
class InstanceLog:
    """What a log amounts to. Documented as RV(instances) of instance_log_info."""

    name: str
    component: str | None
    lines: int = 0
    errors: int = 0
    last_error: str | None = None
    last_error_age_s: float | None = None
    cut: bool = False
    position: str = ""
    problem: str | None = None
    content: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """What a module returns."""
        values = asdict(self)
        if self.content is None:
            del values["content"]
        return values

    def told(
        self, lines: Sequence[Line], judge: Judge, age: Callable[[str], float | None], *, content: bool
    ) -> InstanceLog:
        """Return it with what lines amount to, whose secrets are masked already.

        Args:
            lines: the lines.
            judge: tells errors.
            age: tells the seconds since a time of the engine's.
            content: whether the lines themselves are returned.
        """
        errors = [line for line in lines if judge(line.text)]
        return replace(
            self,
            lines=len(lines),
            errors=len(errors),
            last_error=errors[-1].text[:_LONGEST_ERROR] if errors else None,
            last_error_age_s=age(errors[-1].at) if errors and errors[-1].at else None,
            content="".join(f"{line}\n" for line in lines) if content else None,
        )


def pattern_of(text: str) -> re.Pattern[str]:
    """Compile a regular expression; raises InvalidValueError for what is none."""
    try:
        return re.compile(text)
    except re.error as error:
        raise InvalidValueError("a regular expression", f"{text!r} ({error})") from None


def lines_of(log: str) -> list[Line]:
    """Split an engine's log. A line without a timestamp gets that of the one before it."""
    lines: list[Line] = []
    for written in log.split("\n"):
        text = written.rstrip("\r")
        if not text:
            continue
        match = _LINE.match(text)
        at, said = (match[1], match[2]) if match else (lines[-1].at if lines else "", text)
        # A secret at such a border must be whole again, or it wouldn't be known as one.
        lines.append(Line(at, _PARTS.sub("", said) if len(said) > _PART else said))
    return lines
