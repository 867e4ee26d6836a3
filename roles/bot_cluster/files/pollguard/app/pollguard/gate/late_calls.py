"""Calls that COMMAND makes after another poller has been given again what COMMAND was at."""

from __future__ import annotations

import logging

from ..clock import Clock
from ..lease.manager import Leasing
from .polling import Updates

log = logging.getLogger("pollguard.gate")


class LateCalls:
    """Which calls must not be passed on. A guard that was frozen wakes with some in its hands.

    Only of a lease that was lost to another with updates that COMMAND had not polled past: these come again.
    What it had polled past Telegram has forgotten, and nobody else will answer.

    Args:
        redeliver: whether what a COMMAND may not have finished comes again.
        quiet: seconds without a call after which COMMAND has finished what it had.
        limit: seconds that it may take for that.
    """

    def __init__(
        self, leasing: Leasing, updates: Updates, clock: Clock, *, redeliver: bool, quiet: float, limit: float
    ) -> None:
        self._leasing = leasing
        self._updates = updates
        self._clock = clock
        self._redeliver = redeliver
        self._quiet = quiet
        self._limit = limit
        self._tried_at = 0.0

    async def refuses(self, method: str) -> bool:
        """Whether a call must not be passed on; `method` in lower case, empty for a file."""
        leasing = self._leasing
        if leasing.tenure is not None and not leasing.active and not leasing.failing:
            # The lease has run out unnoticed: this process was frozen. Who holds it now?
            await leasing.ask()
        if not self._is_late() or not method or method.startswith("get"):
            return False
        self._tried_at = self._clock()
        log.warning("%s of COMMAND's is refused: another poller was given the update again", method)
        return True

    def _is_late(self) -> bool:
        lost_at, position, now = self._leasing.lost_at, self._updates.position, self._clock()
        if lost_at is None or not self._redeliver or position.handed is None:
            return False
        if position.confirmed is not None and position.confirmed >= position.handed:
            return False
        if now - max(lost_at, self._tried_at) < self._quiet and now - lost_at < self._limit:
            return True
        # It has finished what it had: what it does from now on is its own.
        self._leasing.lost_at = None
        return False
