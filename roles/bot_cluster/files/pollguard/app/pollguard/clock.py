"""The clock of all deadlines."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], float]
"""Seconds since an arbitrary start; never goes back."""


def now() -> float:
    """Seconds on the monotonic clock that goes on while the machine is suspended.

    CLOCK_MONOTONIC stands still in suspend; a lease in Redis doesn't.
    """
    return time.clock_gettime(time.CLOCK_BOOTTIME)
