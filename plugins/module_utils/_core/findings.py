# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one look at a cluster found: a thing, what was expected of it, what was found, and what to do.

Source: preflight.yml and verify.yml, whose modules return lists of checks; `checks_report` shows them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from .parallel import run_parallel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

STATUSES = ("passed", "warned", "failed", "skipped")


@dataclass(frozen=True)
class Check:
    """One look.

    Args:
        check: kind of the look, as C(disk).
        subject: the thing that was looked at, as a path, an address or a container's name.
        status: one of STATUSES; C(skipped) where there was nothing to look at, and C(found) says why.
        expected: what should be.
        found: what is.
        advice: what to do, where it isn't as it should be.
        reason: a fixed term for programs where C(status) alone doesn't decide, as C(expired).
    """

    check: str
    subject: str
    status: str
    expected: str = ""
    found: str = ""
    advice: str = ""
    reason: str = ""

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise ValueError(f"status: expected one of {', '.join(STATUSES)}, found {self.status!r}")

    def as_dict(self) -> dict[str, str]:
        """Return it as modules return it."""
        return asdict(self)


def run_all(
    questions: Mapping[tuple[str, str], Callable[[], Sequence[Check]]], timeout: float
) -> list[Check]:
    """Ask all questions at the same time, and return their checks in the questions' order.

    Args:
        questions: by kind and subject, what answers with the checks.
        timeout: seconds for all of them together; whoever hangs costs this once.

    A question that hasn't answered by then, or that raises OSError or ValueError, is a failed check.
    """
    checks: list[Check] = []
    for name, answer in run_parallel(questions, timeout).items():
        if isinstance(answer, TimeoutError):
            checks.append(Check(*name, "failed", "an answer", str(answer)))
        elif isinstance(answer, (OSError, ValueError)):
            checks.append(Check(*name, "failed", "an answer", f"{type(answer).__name__}: {answer}"))
        elif isinstance(answer, Exception):
            raise answer
        else:
            checks += answer
    return checks
