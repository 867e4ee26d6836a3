"""COMMAND's polls: held while this instance stands by, made at Telegram while it is active.

Of several polls the newest counts, as with Telegram; the others are held until their time is up.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable

from ..clock import Clock
from .back_off import BackOff
from .backlog import Backlog
from .bot_api import EMPTY, Poll, update_ids
from .offsets import Position
from .pace import Pace
from .telegram_health import Reach
from .upstream import Reply, UnreachableError, Upstream

log = logging.getLogger("pollguard.updates")

Fence = Callable[[int, int], Awaitable[bool]]
"""Whether updates may be handed out, given `delivered` and `confirmed`."""
_ANSWER_GRACE = 10.0
_LAST_WRITE = 2.0
_LOOK_AGAIN = 0.1
_NOTHING = Reply(200, EMPTY)


class _CalledOffError(Exception):
    """The poll at Telegram was broken off from this side."""


class _Held:
    """A poll of COMMAND's that waits."""

    def __init__(self, poll: Poll, until: float) -> None:
        self.poll = poll
        self.until = until
        self.woken = asyncio.Event()


class Updates:
    """What is handed to COMMAND, while `holds` says that the lease is held. `changed` is called when COMMAND
    begins to poll, or Telegram is polled."""

    def __init__(
        self,
        upstream: Upstream,
        reach: Reach,
        path: str,
        fence: Fence,
        holds: Callable[[], bool],
        clock: Clock,
        changed: Callable[[], None],
    ) -> None:
        self.position = Position()
        self.polled_at: float | None = None
        """When COMMAND was last seen to poll; see `polling`."""
        self.pace = Pace()
        self.good_at: float | None = None
        """When Telegram last answered a poll well."""
        self.delivered_at: float | None = None
        self.delivered = 0
        self.fenced = 0
        self.back_off = BackOff(clock)
        self.backlog = Backlog()
        self._upstream = upstream
        self._reach = reach
        reach.counted = self._count_backlog
        self._path = path
        self._fence = fence
        self._holds = holds
        self._clock = clock
        self._changed = changed
        self._held = 0
        self._newest: _Held | None = None
        self._active = False
        self._behind: int | None = None
        """Behind the updates of the last answer; None when it held none."""
        self._request: asyncio.Future[Reply] | None = None
        self._server: asyncio.Task[object] | None = None
        """Whoever polls Telegram, passes the fence or writes to COMMAND: one at a time."""
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def active(self) -> bool:
        """Polls go to Telegram."""
        return self._active

    @property
    def polling(self) -> bool:
        """A poll of COMMAND's is being held."""
        return self._held > 0

    @property
    def in_flight(self) -> bool:
        """A poll is under way at Telegram."""
        return self._request is not None

    def begin(self, position: Position) -> None:
        """Polls go to Telegram from now on, beginning at `position`."""
        self.position = position
        self.back_off.reset()
        self._active = True
        if self._newest is not None:
            self._newest.woken.set()

    def halt(self) -> None:
        """No poll goes out any more."""
        self._active = False
        if self._newest is not None:
            self._newest.woken.set()
        self.poll_anew()

    async def pause(self) -> None:
        """Halt; returns once no poll is under way, and what came has been handed out."""
        self.halt()
        try:
            async with asyncio.timeout(_LAST_WRITE):
                await self._idle.wait()
        except TimeoutError:
            # COMMAND doesn't read. What is cut off here doesn't count as handed out.
            if self._server is not None:
                self._server.cancel()
            await self._idle.wait()

    def poll_anew(self) -> None:
        """Break off the poll that is under way; while active, it is made once more."""
        if self._request is not None:
            self._request.cancel()

    def retry(self) -> None:
        """What was in the way is gone: poll at once, but for a time that Telegram has told."""
        self.back_off.reset()
        if self._newest is not None:
            self._newest.woken.set()
        self.poll_anew()

    @contextlib.asynccontextmanager
    async def answer(self, poll: Poll, *, served: bool = True) -> AsyncIterator[Reply]:
        """The answer to a poll of COMMAND's. What it brings counts as handed out once the block has ended
        well. One that isn't `served` is only held; it brings nothing, and displaces no other."""
        now = self._clock()
        held = _Held(poll, now + self.pace.timeout(poll, now))
        if served:
            older, self._newest = self._newest, held
            if older is not None:
                older.woken.set()
                self.poll_anew()
        if self.polled_at is not None and not self._held:
            self.pace.paused(now - self.polled_at)
        self._held += 1
        self.polled_at = now
        self._changed()
        try:
            reply = await self._wait(held)
            yield reply or _NOTHING
            if reply is not None and self._behind is not None:
                self.position = self.position.written(self._behind)
        finally:
            self._held -= 1
            self.polled_at = self._clock()
            if self._newest is held:
                self._newest = None
            if self._server is asyncio.current_task():
                self._release()

    def _count_backlog(self, waiting: int | None) -> None:
        if self.backlog.counted(waiting, polled=self.in_flight):
            self.poll_anew()

    async def _wait(self, held: _Held) -> Reply | None:
        first = True
        while first or self._clock() < held.until:
            held.woken.clear()
            if self._is_served(held):
                # The poll before may still be on its way through the fence.
                await self._idle.wait()
                if not self._is_served(held):
                    continue
                first = False
                self._idle.clear()
                self._server = asyncio.current_task()
                reply = await self._ask(held)
                if reply is not None:
                    return reply
                self._release()
            elif self._clock() >= held.until:
                return None
            else:
                # If only the lease isn't held, nobody may tell when it is again.
                nap = _LOOK_AGAIN if self._active and self._newest is held else math.inf
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(nap, held.until - self._clock())):
                        await held.woken.wait()
        return None

    def _is_served(self, held: _Held) -> bool:
        # The lease is looked at, not only remembered: this process may just have been frozen.
        return self._active and self._holds() and self._newest is held

    def _release(self) -> None:
        self._server = None
        self._idle.set()

    async def _ask(self, held: _Held) -> Reply | None:
        """Telegram's answer for COMMAND; None when there is none to hand out."""
        self._behind = None
        while self._is_served(held):
            if not await self._sleep(held):
                return None
            self.position = self.position.polled(held.poll.offset)
            timeout = max(0, math.ceil(held.until - self._clock()))
            try:
                # A negative one that has come this far is permitted: Telegram is to forget.
                offset = held.poll.offset if (held.poll.offset or 0) < 0 else self.position.confirmed
                if self.backlog.take_reset():
                    log.warning("updates wait at Telegram below offset %s: polling without an offset", offset)
                    offset = None
                parameters = held.poll.parameters(offset, timeout)
                reply = await self._request_updates(parameters, timeout + _ANSWER_GRACE)
            except _CalledOffError:
                continue
            except UnreachableError as error:
                self._reach.failed(str(error))
                self.back_off.failed()
            else:
                ids = update_ids(reply.body) if reply.status == 200 else None
                if reply.status == 200 and ids is None:
                    self._reach.failed("a poll was answered by something that isn't the Bot API")
                else:
                    self._reach.judge(reply)
                match reply.status:
                    case 200 if ids is not None:
                        self.back_off.succeeded()
                        return await self._pass_fence(reply, ids)
                    case 409:
                        await self._conflict(reply)
                    case status if 300 <= status < 500 and status not in (401, 404, 429):
                        self.back_off.succeeded()
                        return reply  # COMMAND's own mistake
                self.back_off.failed(reply)
        return None

    async def _request_updates(self, parameters: dict[str, str], limit: float) -> Reply:
        call = self._upstream.call(self._path, parameters, limit)
        self._request = request = asyncio.ensure_future(call)
        self._changed()
        try:
            await asyncio.wait({request})
            if request.cancelled():
                raise _CalledOffError
            return request.result()
        finally:
            # Also when COMMAND hung up: a poll that nobody waits for must not stand in the next one's way.
            request.cancel()
            self._request = None

    async def _sleep(self, held: _Held) -> bool:
        """Wait until Telegram may be polled; False when the poll is over, or not served any more, first."""
        while self._is_served(held):
            left = min(self.back_off.not_before, held.until) - self._clock()
            if left <= 0:
                break
            held.woken.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await held.woken.wait()
        return self._is_served(held) and self.back_off.not_before <= held.until

    async def _pass_fence(self, reply: Reply, ids: list[int]) -> Reply | None:
        self.good_at = self._clock()
        if not ids:
            self.backlog.came_empty()
            return reply
        position = self.position.received(ids)
        delivered, confirmed = position.delivered, position.confirmed
        if delivered is None or confirmed is None or not await self._fence(delivered, confirmed):
            self.fenced += len(ids)
            log.warning("%d updates are left to the holder of the lease", len(ids))
            return None
        self.position, self._behind = position, max(ids) + 1
        self.backlog.brought()
        self.delivered += len(ids)
        self.delivered_at = self._clock()
        return reply

    async def _conflict(self, reply: Reply) -> None:
        if b"webhook" in reply.body:
            self._reach.webhook = True
            return
        # The lease may just have gone to another, whose poll this is then.
        delivered, confirmed = self.position.delivered, self.position.confirmed
        if delivered is None or confirmed is None or await self._fence(delivered, confirmed):
            self._reach.conflict()
