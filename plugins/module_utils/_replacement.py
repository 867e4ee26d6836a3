# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the containers of a place are named while one replaces another, and what keeps that from being done.

Private to this collection. No I/O here.
"""

from __future__ import annotations

from typing import Any

# Names of a container that had to make room, and of one that isn't in its place yet. A container's labels
# can't be changed, so it is by these names that neither counts as an instance.
PREVIOUS = "-previous"
NEXT = "-next"
# One that was started by hand, without this collection, and that an instance has taken the place of.
BY_HAND = "-by-hand"

# What a container may be in, and be stopped from, without anybody's work being lost.
STOPPED = ("created", "exited", "dead")


def place_of(name: str) -> str:
    """The name of the place to which a container belongs."""
    for suffix in (PREVIOUS, NEXT):
        if name.endswith(suffix):
            return name[: -len(suffix)]
    return name


class NotAsExpected(Exception):
    """A container isn't what it was to become; says what was found."""


class Refusal(Exception):
    """It is better not to begin.

    Args:
        subject: whom it is about.
        expected: what was expected, as the end of a sentence.
        found: what was found, likewise.
        passing: whether it may be different a moment later.
    """

    def __init__(self, subject: str, expected: str, found: str, *, passing: bool = False) -> None:
        super().__init__(f"{subject}: expected {expected}, found {found}")
        self.subject = subject
        self.expected = expected
        self.found = found
        self.passing = passing


class StepFailed(Exception):
    """A step failed, and what it had changed was put back as far as could be.

    Args:
        container: name of the container that failed.
        expected: what was expected of it, as the end of a sentence.
        found: what was found, likewise.
        log: its last lines.
        outcome: what has become of it and of the others, as sentences.
        restored: whether the previous container is back and good; None when there was none to be put back.
    """

    def __init__(
        self, container: str, expected: str, found: str, *, log: str, outcome: str, restored: bool | None
    ) -> None:
        super().__init__(container)
        self.container = container
        self.expected = expected
        self.found = found
        self.log = log
        self.outcome = outcome
        self.restored = restored

    def as_dict(self) -> dict[str, Any]:
        """The same for programs to read."""
        names = ("container", "expected", "found", "log", "outcome", "restored")
        return {name: getattr(self, name) for name in names}

    def __str__(self) -> str:
        lines = f" Its last lines: {self.log}" if self.log else ""
        return f"{self.container}: expected {self.expected}, found {self.found}. {self.outcome}{lines}"
