# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What keeps a container from being replaced, and what modules return of it.

Private to this collection. No I/O here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._core.docker import EngineError


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


def failed(error: Refusal | StepFailed | EngineError, mask: Callable[[Any], Any] | None) -> dict[str, Any]:
    """Return what a module fails with; a step's own words are masked already.

    Args:
        error: what it is.
        mask: takes secrets out of it; None when none can be known yet.
    """
    mask = mask or (lambda value: value)
    if isinstance(error, StepFailed):
        return {"msg": str(error), "failure": {"reason": "step_failed", **error.as_dict()}}
    if isinstance(error, Refusal):
        found = mask(error.found)
        failure = {"reason": "refused_to_begin", "container": error.subject, "expected": error.expected}
        message = f"{error.subject}: expected {error.expected}, found {found}. Nothing was touched."
        return {"msg": message, "failure": {**failure, "found": found}}
    details = {"exception": error.details} if error.details else {}
    failure = {**error.as_failure(), "container": error.subject}
    return {"msg": mask(str(error)), "failure": mask(failure), **details}
