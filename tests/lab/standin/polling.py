"""`getUpdates` of one bot: who waits, who is woken, and who is told of a conflict."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from standin.errors import ApiError
from standin.params import Params
from standin.updates import Update, UpdateQueue

MAX_TIMEOUT_S = 50
MAX_LIMIT = 100
# The same offset again within this time waits this long at least.
REPEAT_S = 3
# The same offset again within this time gets one update only.
BURST_S = 0.5
# After one conflict was answered at once, further ones wait this long.
CONFLICT_S = 3.0
# A woken poll gathers updates until none came for the first time, or for the second at most.
GATHER_S = 0.001
MAX_GATHER_S = 0.002

OTHER_POLL = (
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
)
WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; "
    "use deleteWebhook to delete the webhook first"
)
WEBHOOK_SET = "Conflict: terminated by setWebhook request"


@dataclass
class _Parked:
    """The one poll that waits."""

    from_id: int
    limit: int
    deadline: float
    answer: asyncio.Future[list[Update]]
    on_ended: Callable[[], None]
    timer: asyncio.TimerHandle
    gather_until: float | None = field(default=None)

    def end(self) -> None:
        self.timer.cancel()
        self.on_ended()


class Polling:
    """The polls of one bot. At most one waits; a newer one that must wait too ends it."""

    def __init__(self, queue: UpdateQueue, webhook_is_set: Callable[[], bool]) -> None:
        self._queue = queue
        self._webhook_is_set = webhook_is_set
        self._parked: _Parked | None = None
        self._last_offset = -1
        self._last_start = float("-inf")
        self._next_conflict = float("-inf")

    async def get_updates(self, params: Params, on_ended: Callable[[], None] = lambda: None) -> list[Update]:
        """Answers one call.

        `on_ended` is called as soon as the poll can't receive anything any more, which may be
        seconds before it is answered. Raises ApiError 409 on a conflict, 401 when the bot is revoked.
        """
        loop = asyncio.get_running_loop()
        if self._webhook_is_set():
            raise await self._conflict(WEBHOOK_ACTIVE)
        offset = params.integer("offset", 0)
        limit = params.integer("limit", MAX_LIMIT, 1, MAX_LIMIT)
        timeout = params.integer("timeout", 0, 0, MAX_TIMEOUT_S)
        self._queue.set_allowed(params.text("allowed_updates"))
        now = loop.time()
        if offset == self._last_offset and now < self._last_start + REPEAT_S:
            timeout = max(timeout, REPEAT_S)
            if now < self._last_start + BURST_S:
                limit = 1
        self._last_offset, self._last_start = offset, now
        from_id = self._queue.resolve(offset)
        updates = self._queue.take(from_id, limit)
        if updates or timeout == 0:
            return updates
        self.abort(OTHER_POLL)
        return await self._park(from_id, limit, now + timeout, on_ended)

    def wake(self) -> None:
        """Tells the waiting poll of a new update; it gathers a moment longer, as Telegram's does."""
        parked = self._parked
        if parked is None:
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        if parked.gather_until is None:
            parked.gather_until = min(now + MAX_GATHER_S, parked.deadline)
        parked.timer.cancel()
        parked.timer = loop.call_at(min(now + GATHER_S, parked.gather_until), self._answer, parked)

    def abort(self, reason: str) -> None:
        """Ends the waiting poll with a conflict."""
        parked = self._detach()
        if parked is None:
            return
        delay = self._conflict_delay()
        error = ApiError(409, reason)
        if delay:
            asyncio.get_running_loop().call_later(delay, _fail, parked.answer, error)
        else:
            _fail(parked.answer, error)

    def fail(self, error: ApiError) -> None:
        """Ends the waiting poll with an error at once."""
        parked = self._detach()
        if parked is not None:
            _fail(parked.answer, error)

    def flush(self) -> None:
        """Answers the waiting poll now, with whatever there is."""
        if self._parked is not None:
            self._answer(self._parked)

    async def _park(
        self, from_id: int, limit: int, deadline: float, on_ended: Callable[[], None]
    ) -> list[Update]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[Update]] = loop.create_future()
        timer = loop.call_at(deadline, self.flush)
        parked = _Parked(from_id, limit, deadline, answer, on_ended, timer)
        self._parked = parked
        try:
            return await answer
        finally:
            # A client that hung up cancels us here, and no longer stands in anyone's way.
            if self._parked is parked:
                self._detach()

    def _detach(self) -> _Parked | None:
        parked, self._parked = self._parked, None
        if parked is not None:
            parked.end()
        return parked

    def _answer(self, parked: _Parked) -> None:
        if self._parked is parked:
            self._detach()
            if not parked.answer.done():
                parked.answer.set_result(self._queue.take(parked.from_id, parked.limit))

    def _conflict_delay(self) -> float:
        now = asyncio.get_running_loop().time()
        if now < self._next_conflict:
            return CONFLICT_S
        self._next_conflict = now + CONFLICT_S
        return 0

    async def _conflict(self, reason: str) -> ApiError:
        await asyncio.sleep(self._conflict_delay())
        return ApiError(409, reason)


def _fail(answer: asyncio.Future[list[Update]], error: ApiError) -> None:
    if not answer.done():
        answer.set_exception(error)
