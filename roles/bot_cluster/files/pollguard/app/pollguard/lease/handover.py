"""A hand-over: the lease is released, in process mode once COMMAND has ended, and this guard steps back for a
moment so that another takes it. If nobody does, it takes the lease again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from ..clock import Clock
from .manager import Leasing

log = logging.getLogger("pollguard.handover")

_LOOK_AGAIN = 0.05


class Outcome(StrEnum):
    """How an order to hand over ended. Only a TAKEN one is done; the three after it changed nothing."""

    TAKEN = "taken"
    NOT_ACTIVE = "not_active"
    NO_STANDBY = "no_standby"
    UNDER_WAY = "under_way"
    LEASE_LOST = "lease_lost"
    NOT_TAKEN = "not_taken"


@dataclass(frozen=True)
class Result:
    """The response to an order: fields for programs, a message for people.

    Args:
        outcome: how it ended.
        message: the same in words.
        holder: the instance that holds the lease now, as far as known.
        epoch: of the new active poller's lease.
        released_after_s: seconds from the order to the release of the lease.
        gap_s: longest time in seconds for which nobody held the lease.
    """

    outcome: Outcome
    message: str
    holder: str | None = None
    epoch: int | None = None
    released_after_s: float | None = None
    gap_s: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the fields, and `done`: whether another guard has taken the lease."""
        return {"done": self.outcome is Outcome.TAKEN, **asdict(self)}


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
        self._outcome: asyncio.Future[Result] | None = None

    async def order(self, *, force: bool) -> Result:
        """Hand over; returns when another guard has taken the lease, or none has."""
        if not force:
            await self._wait_for_a_standby()
        tenure, answer = self._leasing.tenure, self._leasing.answer
        if tenure is None or answer is None:
            holder = (answer.holder if answer else "") or None
            message = f"{self._instance} is not active, {holder or 'nobody'} is"
            return Result(Outcome.NOT_ACTIVE, message, holder)
        if self._outcome is not None:
            return Result(Outcome.UNDER_WAY, "a handover is under way", self._instance)
        if not force and not self._standbys():
            message = "no standby is ready to take over, nothing was changed"
            return Result(Outcome.NO_STANDBY, message, self._instance)
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
            self._finish(Result(Outcome.LEASE_LOST, "the lease was lost before it could be handed over"))

    def look(self) -> None:
        """See whether another took the lease, or waited in vain."""
        if not self.stepping_back:
            return
        answer = self._leasing.answer
        if answer is not None and answer.holder and answer.epoch > self._epoch:
            released_after = self._released_at - self._asked_at
            gap = self._clock() - self._released_at
            message = (
                f"{answer.holder} took over with epoch {answer.epoch}; the lease was released after "
                f"{released_after:.2f} s and free for at most {gap:.3f} s"
            )
            times = round(released_after, 3), round(gap, 4)
            self._finish(Result(Outcome.TAKEN, message, answer.holder, answer.epoch, *times))
        elif self._clock() >= self._until:
            message = f"nobody took the lease within {self._step_back:g} s: {self._instance} takes it again"
            self._finish(Result(Outcome.NOT_TAKEN, message))

    async def _wait_for_a_standby(self) -> None:
        """One may have become ready since, and a Redis that lost them learns of them within a beat."""
        until = self._clock() + self._leasing.beat
        while self._leasing.tenure is not None and not self._standbys():
            await self._leasing.ask()
            if self._standbys() or self._clock() >= until:
                return
            await asyncio.sleep(_LOOK_AGAIN)

    def _standbys(self) -> list[str]:
        answer = self._leasing.answer
        return [name for name in answer.standbys if name != self._instance] if answer else []

    def _begin(self, epoch: int) -> asyncio.Future[Result]:
        self._epoch = epoch
        self.wanted_at = self._asked_at = self._clock()
        self._outcome = asyncio.get_running_loop().create_future()
        self._changed()
        return self._outcome

    def _finish(self, result: Result) -> None:
        self.stepping_back = False
        if self._outcome is None:
            return
        log.info("handover: %s", result.message)
        self.done += result.outcome is Outcome.TAKEN
        if not self._outcome.done():
            self._outcome.set_result(result)
        self._outcome = None
        self._leasing.poke()
