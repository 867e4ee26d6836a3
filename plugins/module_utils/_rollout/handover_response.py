# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The response of `pollguard handover`, of this version (`--json`) and of older ones, which print a sentence.

Private to this collection.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import NotAsExpected

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._core.docker import ExecResult

# The guard's exit code for arguments that it doesn't know. A running guard may be older than this module.
USAGE = 64
# Outcomes with which nothing was changed, and which may differ a moment later.
NOT_YET = ("no_standby", "under_way")
_LONGEST_MESSAGE = 500


@dataclass(frozen=True)
class Response:
    """How an order to hand over ended.

    Args:
        done: whether another poller has taken the lease.
        message: the guard's message, redacted; for people only.
        outcome: the guard's own term; None of an older guard, C(no_answer) when no guard answered.
        holder: the instance that is active now, as far as known.
        gap_s: longest time in seconds for which nobody held the lease.
    """

    done: bool
    message: str
    outcome: str | None = None
    holder: str | None = None
    gap_s: float | None = None


def response(said: ExecResult, redact: Callable[[str], str]) -> Response:
    """Parse the output of `pollguard handover --json`.

    Raises NotAsExpected when the exit code says that it was done, but the fields are missing.
    """
    try:
        fields = json.loads(said.stdout)
        message, outcome = redact(str(fields["message"]))[:_LONGEST_MESSAGE], str(fields["outcome"])
        return Response(bool(fields["done"]), message, outcome, fields["holder"], fields["gap_s"])
    except (ValueError, KeyError, TypeError):
        # No guard answered (its client says why), or this is no response of a guard.
        message = _message(said, redact)
        if said.exit_code == 0:
            raise NotAsExpected(f"a response that isn't a guard's: {message}") from None
        return Response(False, message, "no_answer")


def older_response(said: ExecResult, redact: Callable[[str], str]) -> Response:
    """Return what an older guard's exit code says; its sentence isn't parsed."""
    return Response(said.exit_code == 0, _message(said, redact))


def _message(said: ExecResult, redact: Callable[[str], str]) -> str:
    words = said.stdout.strip() or said.stderr.strip()
    return redact(words)[:_LONGEST_MESSAGE] or f"exit code {said.exit_code}"
