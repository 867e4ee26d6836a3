"""A hand-over: the lease is released, in process mode once COMMAND has ended, and this guard steps back for a
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
    """At most one at a time; wanted until the lease is released, `stepping_back` from then on."""

    def __init__(
        self, instance: str, step_back: float, leasing: Leasing, clock: Clock, changed: Callable[[], None]
    ):
        self.wanted_at: float | None = None
        """When it was asked for, until it has been carried out."""
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
        if self._leasing.tenure is not None and not force and not self._standbys():
            await self._leasing.ask()  # one may have become ready since
        tenure, answer = self._leasing.tenure, self._leasing.answer
        if tenure is None or answer is None:
            holder = answer.holder if answer else ""
            return _refused(f"{self._instance} is not active, {holder or 'nobody'} is")
        if self._outcome is not None:
            return _refused("a hand-over is under way")
        if not force and not self._standbys():
            return _refused("no standby is ready to take over, nothing was changed")
        return await asyncio.shield(self._begin(tenure.epoch))

    def of_itself(self, why: str) -> None:
        """Hand over without an order, if a standby is there and none is under way."""
        tenure = self._leasing.tenure
        if tenure is not None and self._outcome is None and self._standbys():
            log.warning("the lease is passed on: %s", why)
            self._begin(tenure.epoch)

    def released(self) -> None:
        """The lease has been given up; if that was for a hand-over, now step back."""
        if self.wanted_at is not None:
            self._released_at = self._clock()
            self._until = self._released_at + self._step_back
            self.stepping_back = True

    def retired(self) -> None:
        """This guard is a standby now; in process mode its COMMAND has ended."""
        self.wanted_at = None
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
                f"{answer.holder} took over with epoch {answer.epoch}; the lease was released after "
                f"{self._released_at - self._asked_at:.2f} s and free for at most {gap:.3f} s"
            )
            self._finish(done=True, message=message)
        elif self._clock() >= self._until:
            message = f"nobody took the lease within {self._step_back:g} s: {self._instance} takes it again"
            self._finish(done=False, message=message)

    def _standbys(self) -> list[str]:
        answer = self._leasing.answer
        return [name for name in answer.standbys if name != self._instance] if answer else []

    def _begin(self, epoch: int) -> asyncio.Future[dict[str, Any]]:
        self._epoch = epoch
        self.wanted_at = self._asked_at = self._clock()
        self._outcome = asyncio.get_running_loop().create_future()
        self._changed()
        return self._outcome

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
