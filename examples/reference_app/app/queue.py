"""The queue: SAQ on its own Redis database.

The table ``jobs`` is the truth and the queue only carries keys, so that a queue that was lost can be
filled again from it (see the worker's relay).
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import Final

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import RedisError
from saq.queue.redis import RedisQueue

from app.queue_keys import HEARTBEAT_TTL, MAX_ATTEMPTS, heartbeat_key
from app.settings import Settings

log = logging.getLogger(__name__)

OFFER_SECONDS: Final = 1.0
_JOB: Final = {
    "timeout": 120,  # seconds
    "heartbeat": 8,  # a job that hasn't been touched for so long has lost its worker
    "retries": MAX_ATTEMPTS + 1,
    "retry_delay": 1.0,
    "retry_backoff": 300.0,  # seconds at most: with as many retries, about an hour
}


def connect(settings: Settings, *, patience: int) -> RedisQueue:
    """A queue; ``patience`` is how often a command is tried again while Redis can't be reached."""
    redis: Redis = Redis.from_url(
        settings.queue_url,
        socket_connect_timeout=2,
        socket_timeout=5,  # longer than the worker's blocking read
        health_check_interval=15,
        retry=Retry(ExponentialBackoff(cap=1, base=0.05), patience),
        client_name="reference-app",
    )
    return RedisQueue(redis, name="jobs")


async def enqueue(queue: RedisQueue, key: str, kind: str) -> None:
    """Queue the job of that key unless it is queued or running already."""
    await queue.enqueue(kind, key=key, job_key=key, **_JOB)


async def offer(queue: RedisQueue, key: str, kind: str) -> None:
    """Queue a job that is in the table already: if that fails now, the relay does it later."""
    try:
        async with asyncio.timeout(OFFER_SECONDS):
            await enqueue(queue, key, kind)
    except (RedisError, OSError) as error:
        log.warning("%s is stored but not queued yet: %s", key, type(error).__name__)


async def beat(queue: RedisQueue, instance_id: str, role: str, **facts: float | None) -> None:
    """Say that this instance is alive; ``python -m app.health`` reads it."""
    body = json.dumps({"role": role, "at": time.time(), **facts})
    await queue.redis.set(heartbeat_key(instance_id), body, ex=HEARTBEAT_TTL)
