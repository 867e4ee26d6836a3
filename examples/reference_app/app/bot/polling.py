"""The poller: ``python -m app polling``.

aiogram's own polling loop confirms what its handlers have only begun and drops them on SIGTERM, so the
loop is here: store, then confirm, and on SIGTERM stop polling, finish, exit.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import AsyncExitStack, suppress
from typing import Any, Final

from aiogram import Bot, Dispatcher
from aiogram.exceptions import (
    AiogramError,
    TelegramConflictError,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import GetMe, GetUpdates
from aiogram.types import Update
from redis.exceptions import RedisError
from saq.queue.redis import RedisQueue
from sqlalchemy.exc import DBAPIError, InternalError, SQLAlchemyError

from app import database, queue
from app.bot import api, handlers
from app.bot.inbox import Claim, ClaimLost, Inbox
from app.queue_keys import HEARTBEAT_SECONDS, heartbeat_key
from app.settings import Settings
from app.stopping import Backoff, every, stop_on_signals

log = logging.getLogger(__name__)

POLL_SECONDS: Final = 20
ALLOWED_UPDATES: Final = ["message", "callback_query"]
CONCURRENCY: Final = 20  # each running handler holds a connection to the database
HANDLER_SECONDS: Final = 40.0  # less than database.IDLE_CLAIM_SECONDS
SWEEP_SECONDS: Final = 1.0


class Hopeless(Exception):
    """A handler failed in a way that it would fail again; the cause is the reason."""


class Poller:
    """Polls, stores and handles; ``drain`` ends it without losing anything."""

    def __init__(self, bot: Bot, dispatcher: Dispatcher, inbox: Inbox) -> None:
        self._bot = bot
        self._dispatcher = dispatcher
        self._inbox = inbox
        self._slots = asyncio.Semaphore(CONCURRENCY)
        self._running: dict[int, asyncio.Task[None]] = {}
        self.polled_at: float | None = None

    async def poll(self) -> None:
        """Poll for ever. Whatever goes wrong is logged and tried again, conflicts and a bad token too."""
        backoff = Backoff()
        offset: int | None = None
        me = None
        while True:
            try:
                if me is None:
                    me = await self._bot(GetMe())
                    log.info("polling", extra={"bot": me.username, "bot_id": me.id})
                found = await self._poll_once(offset)
            except (AiogramError, SQLAlchemyError, OSError, TimeoutError) as error:
                wait = error.retry_after if isinstance(error, TelegramRetryAfter) else backoff.delay()
                log.warning("%s", _describe(error), extra={"next_try_s": round(wait, 1)})
                await asyncio.sleep(wait)
                continue
            backoff.reset()
            self.polled_at = time.time()
            if found:
                offset = found[-1] + 1

    async def _poll_once(self, offset: int | None) -> list[int]:
        # The first poll doesn't wait, so that it is soon known whether polling works.
        timeout = POLL_SECONDS if self.polled_at else 0
        method = GetUpdates(offset=offset, timeout=timeout, allowed_updates=ALLOWED_UPDATES)
        updates = await self._bot(method, request_timeout=POLL_SECONDS + 15)
        await self._inbox.store(_dump(update) for update in updates)
        found = [update.update_id for update in updates]
        for update_id in found:
            self._start(update_id)
        return found

    async def sweep(self) -> None:
        """Take up what another poller, or this one, has left unfinished."""
        for update_id in await self._inbox.overdue():
            self._start(update_id)

    def _start(self, update_id: int) -> None:
        if update_id not in self._running:
            task = asyncio.create_task(self._handle(update_id))
            self._running[update_id] = task
            task.add_done_callback(lambda _: self._running.pop(update_id, None))

    async def _handle(self, update_id: int) -> None:
        started = time.perf_counter()
        extra: dict[str, Any] = {"update_id": update_id}
        try:
            async with self._slots, self._inbox.claim(update_id) as claim:
                if claim is None:
                    return
                await self._feed(claim, update_id)
        except Hopeless as error:
            log.error("the handler failed", extra=extra, exc_info=error.__cause__)
            await self._give_up(update_id, f"failed: {type(error.__cause__).__name__}")
        except Exception as error:
            log.warning("update not finished: %s", _describe(error), extra=extra)
        else:
            log.info("update", extra={**extra, "elapsed_ms": round((time.perf_counter() - started) * 1000)})

    async def _feed(self, claim: Claim, update_id: int) -> None:
        """Run the handler.

        Raises:
            Hopeless: trying again would not help. All else that is raised may pass.
        """
        update = Update.model_validate(claim.payload, context={"bot": self._bot})
        try:
            async with asyncio.timeout(HANDLER_SECONDS):
                await self._dispatcher.feed_update(self._bot, update, claim=claim, update_id=update_id)
        except Exception as error:
            if _passing(error):
                raise
            raise Hopeless from error

    async def _give_up(self, update_id: int, outcome: str) -> None:
        try:
            await self._inbox.give_up(update_id, outcome)
        except (SQLAlchemyError, OSError) as error:
            log.warning("update not finished: %s", _describe(error), extra={"update_id": update_id})

    async def drain(self, seconds: float) -> None:
        """Wait for the running handlers; those that take longer are left to the next poller."""
        tasks = list(self._running.values())
        if not tasks:
            return
        log.info("finishing", extra={"updates": len(tasks)})
        _, late = await asyncio.wait(tasks, timeout=seconds)
        for task in late:
            task.cancel()
        if late:
            log.warning("%s updates are left to the next poller", len(late))
            await asyncio.wait(late, timeout=5)


def _dump(update: Update) -> dict[str, Any]:
    return update.model_dump(mode="json", exclude_unset=True, by_alias=True)


def _passing(error: Exception) -> bool:
    """Whether trying a handler again later can help."""
    if isinstance(error, DBAPIError):
        # InternalError: what a driver says that was told of the connection's end between two queries.
        lost = error.connection_invalidated or isinstance(error, InternalError)
        return lost or isinstance(error.__cause__, OSError)
    if isinstance(error, TimeoutError):
        return False  # the handler's own time is over
    return isinstance(error, ClaimLost | OSError | RedisError) or api.not_sent(error)


def _describe(error: Exception) -> str:
    if isinstance(error, TelegramConflictError):
        return f"someone else polls with this token: {error.message}"
    if isinstance(error, TelegramUnauthorizedError):
        return f"the token was refused: {error.message}"
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"


async def run(settings: Settings) -> int:
    """Poll until SIGTERM, then finish what has begun."""
    stop = stop_on_signals()
    async with AsyncExitStack() as stack:
        engine = database.connect(settings, connections=5 + CONCURRENCY)
        stack.push_async_callback(engine.dispose)
        jobs_queue: RedisQueue = queue.connect(settings, patience=1)
        stack.push_async_callback(jobs_queue.disconnect)
        bot = api.connect(settings)
        stack.push_async_callback(bot.session.close)
        dispatcher = Dispatcher(queue=jobs_queue, instance=settings.instance_id, disable_fsm=True)
        dispatcher.include_router(handlers.router)
        poller = Poller(bot, dispatcher, Inbox(engine, bot.id))

        async def beat() -> None:
            await queue.beat(jobs_queue, settings.instance_id, "polling", polled_at=poller.polled_at)

        beating = asyncio.create_task(every(HEARTBEAT_SECONDS, "heartbeat", beat))
        sweeping = asyncio.create_task(every(SWEEP_SECONDS, "taking up unfinished updates", poller.sweep))
        polling = asyncio.create_task(poller.poll())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({polling, sweeping, stopping}, return_when=asyncio.FIRST_COMPLETED)
        failed = [task for task in (polling, sweeping) if task.done()]
        for task in (polling, sweeping, stopping):
            task.cancel()
        await asyncio.wait({polling, sweeping})
        await poller.drain(settings.shutdown_timeout)
        beating.cancel()
        with suppress(RedisError, OSError):
            await jobs_queue.redis.delete(heartbeat_key(settings.instance_id))
        for task in failed:
            task.result()
    log.info("poller stopped")
    return 0
