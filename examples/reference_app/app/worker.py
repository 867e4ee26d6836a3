"""The worker: ``python -m app worker``."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from redis.exceptions import RedisError
from saq import Job, Worker
from saq.queue.redis import RedisQueue
from sqlalchemy.ext.asyncio import AsyncEngine

from app import database, metrics, queue, telegram
from app.database import jobs, processed_updates
from app.jobs import MAKERS, Tools, run_job
from app.queue_keys import HEARTBEAT_SECONDS, heartbeat_key
from app.settings import Settings
from app.stopping import Backoff, every, stop_on_signals
from app.storage import Storage

log = logging.getLogger(__name__)

# SAQ logs these with a traceback each time; they are logged here in a line.
SAID_BETTER: Final = ("Error processing job", "Upkeep task failed")
RELAY_SECONDS: Final = 15
MEASURE_SECONDS: Final = 5
PURGE_SECONDS: Final = 600
KEEP_UPDATES: Final = timedelta(days=2)  # Telegram repeats nothing that is older than one
KEEP_JOBS: Final = timedelta(days=30)


class PromptWorker(Worker[Any]):
    """SAQ's worker, which otherwise lets a stop wait for its sleeping upkeep tasks."""

    SIGNALS: list[Any] = []  # noqa: RUF012  they are handled here, before and after SAQ's part as well
    _upkeep: tuple[asyncio.Task[None], ...] = ()

    async def upkeep(self) -> list[asyncio.Task[None]]:
        self._upkeep = tuple(await super().upkeep())
        return []

    async def stop(self) -> None:
        for task in self._upkeep:
            task.cancel()
        await super().stop()


def job_function(tools: Tools) -> Callable[..., Awaitable[None]]:
    """What SAQ calls for every kind of job."""

    async def work(context: dict[str, Any], *, job_key: str) -> None:
        job: Job = context["job"]
        alive = asyncio.create_task(every(2, "touching a job", job.update))
        try:
            with metrics.job():
                await run_job(tools, job_key)
        except Exception as error:
            if isinstance(error, telegram.NotSent):
                job.retry_delay, job.retry_backoff = error.retry_after, False
            ours = isinstance(error, AttributeError | LookupError | TypeError | ValueError)
            log.warning("job %s: %s: %s", job_key, type(error).__name__, error, exc_info=ours)
            raise
        finally:
            alive.cancel()

    return work


async def relay(engine: AsyncEngine, jobs_queue: RedisQueue) -> None:
    """Queue what is unfinished; where it is queued or running already nothing happens."""
    old = jobs.c.created_at < sa.func.now() - timedelta(seconds=RELAY_SECONDS)
    query = sa.select(jobs.c.key, jobs.c.kind).where(jobs.c.finished_at.is_(None), old)
    async with engine.connect() as db:
        rows = (await db.execute(query.order_by(jobs.c.created_at).limit(500))).all()
    for row in rows:
        await queue.enqueue(jobs_queue, row.key, row.kind)


async def purge(engine: AsyncEngine) -> None:
    """Forget what is finished and too old to come again."""
    now = sa.func.now()
    async with engine.begin() as db:
        await db.execute(sa.delete(processed_updates).where(processed_updates.c.done_at < now - KEEP_UPDATES))
        await db.execute(sa.delete(jobs).where(jobs.c.finished_at < now - KEEP_JOBS))


async def measure(jobs_queue: RedisQueue) -> None:
    """Look how many jobs wait."""
    metrics.JOBS_QUEUED.set(await jobs_queue.count("queued"))


async def _reach(jobs_queue: RedisQueue, stop: asyncio.Event) -> None:
    backoff = Backoff()
    while not stop.is_set():
        try:
            await jobs_queue.count("queued")
        except (RedisError, OSError) as error:
            log.warning("Redis can't be reached: %s", type(error).__name__)
            await asyncio.sleep(backoff.delay())
        else:
            return


async def run(settings: Settings) -> int:
    """Work until SIGTERM, then finish the running jobs; what is not finished in time is queued again."""
    stop = stop_on_signals()
    logging.getLogger("saq").addFilter(lambda record: not str(record.msg).startswith(SAID_BETTER))
    metrics.serve(settings.metrics_port)
    async with AsyncExitStack() as stack:
        jobs_queue = queue.connect(settings, patience=3)
        stack.push_async_callback(jobs_queue.disconnect)
        engine = database.connect(settings, connections=5 + settings.worker_concurrency)
        stack.push_async_callback(engine.dispose)
        session = await stack.enter_async_context(telegram.connect(settings))
        storage = await stack.enter_async_context(Storage(settings))
        await _reach(jobs_queue, stop)
        if stop.is_set():
            return 0
        await jobs_queue.connect()
        name = settings.instance_id
        tools = Tools(engine, storage, telegram.Telegram(session, settings), settings.avatar_seconds)
        worker = PromptWorker(
            jobs_queue,
            [(kind, job_function(tools)) for kind in MAKERS],
            id=name,
            concurrency=settings.worker_concurrency,
            dequeue_timeout=1,  # also the longest that an idle worker takes to stop, in seconds
            timers={"schedule": 1, "worker_info": 5, "sweep": 5, "abort": 1},
            shutdown_grace_period_s=int(settings.shutdown_timeout),
        )
        background = [
            every(HEARTBEAT_SECONDS, "heartbeat", lambda: queue.beat(jobs_queue, name, "worker")),
            every(MEASURE_SECONDS, "measuring", lambda: measure(jobs_queue)),
            every(RELAY_SECONDS, "relay", lambda: relay(engine, jobs_queue)),
            every(PURGE_SECONDS, "purge", lambda: purge(engine)),
        ]
        tasks = [asyncio.create_task(each) for each in background]
        log.info("worker started", extra={"concurrency": settings.worker_concurrency})
        working = asyncio.create_task(worker.start())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        worker.event.set()
        await working
        for task in (*tasks, stopping):
            task.cancel()
        with suppress(RedisError, OSError):
            await jobs_queue.redis.delete(heartbeat_key(name))
    log.info("worker stopped")
    return 0
