"""A hand-over in process mode: COMMAND ends, the lease is released, and this guard steps back for a
moment so that another takes it. If nobody does, it takes the lease again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from .clock import Clock
from .leasing import Leasing

log = logging.getLogger("pollguard.handover")


class Handover:
    """At most one at a time; `wanted` until COMMAND has ended, `stepping_back` from the release on."""

    def __init__(
        self, instance: str, step_back: float, leasing: Leasing, clock: Clock, changed: Callable[[], None]
    ):
        self.wanted = False
        self.stepping_back = False
        self.done = 0
        self._instance = instance
        self._step_back = step_back
        self._leasing = leasing
        self._clock = clock
        self._changed = changed
        self._asked_at = 0.0
        self._until = 0.0
        self._released_at = 0.0
        self._epoch = 0
        self._outcome: asyncio.Future[dict[str, Any]] | None = None

    async def order(self, *, force: bool) -> dict[str, Any]:
        """Hand over; returns `done` and a `message` when another has taken the lease, or none has."""
        tenure, answer = self._leasing.tenure, self._leasing.answer
        if tenure is None or answer is None:
            holder = answer.holder if answer else ""
            return _refused(f"{self._instance} is not active, {holder or 'nobody'} is")
        if self._outcome is not None:
            return _refused("a hand-over is under way")
        if not force and not [s for s in answer.standbys if s != self._instance]:
            return _refused("no standby is there to take over, nothing was changed")
        self._epoch = tenure.epoch
        self._asked_at = self._clock()
        self._outcome = asyncio.get_running_loop().create_future()
        self.wanted = True
        self._changed()
        return await asyncio.shield(self._outcome)

    def released(self) -> None:
        """The lease has been given up; if that was for a hand-over, now step back."""
        if self.wanted:
            self._released_at = self._clock()
            self._until = self._released_at + self._step_back
            self.stepping_back = True

    def retired(self) -> None:
        """COMMAND has ended and the guard is a standby."""
        self.wanted = False
        if not self.stepping_back:
            self._finish(done=False, message="the lease was lost before it could be handed over")

    def look(self) -> None:
        """See whether another took the lease, or waited in vain."""
        if not self.stepping_back:
            return
        answer = self._leasing.answer
        if answer is not None and answer.holder and answer.epoch > self._epoch:
            gap = self._clock() - self._released_at
            message = (
                f"{answer.holder} took over with epoch {answer.epoch}; COMMAND took "
                f"{self._released_at - self._asked_at:.2f} s to end, "
                f"the lease was free for at most {gap:.2f} s"
            )
            self._finish(done=True, message=message)
        elif self._clock() >= self._until:
            message = f"nobody took the lease within {self._step_back:g} s: {self._instance} takes it again"
            self._finish(done=False, message=message)

    def _finish(self, *, done: bool, message: str) -> None:
        self.stepping_back = False
        if self._outcome is None:
            return
        log.info("hand-over: %s", message)
        self.done += done
        if not self._outcome.done():
            self._outcome.set_result({"done": done, "message": message})
        self._outcome = None
        self._leasing.poke()


def _refused(message: str) -> dict[str, Any]:
    return {"done": False, "message": message}
