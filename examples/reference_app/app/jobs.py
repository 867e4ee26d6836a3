"""The worker's jobs. Each reads its row, makes something, stores it, and tells the user once.

Every step can be repeated: objects have fixed names, and telling is claimed in the row before it is tried.
The claim is given back when the message certainly wasn't sent. When that isn't certain (the answer got lost,
the worker died meanwhile) the user isn't told again: a message too few is better than the same one twice.
"""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app import picture
from app.database import fal_subscriptions, jobs
from app.intake import FAL_RESULT
from app.queue_keys import MAX_ATTEMPTS
from app.storage import Storage
from app.telegram import NotSent, Telegram, Undeliverable, Unknown

log = logging.getLogger(__name__)

AVATAR: Final = "avatar"
CLAIM_SECONDS: Final = 60  # no attempt to tell takes longer
FAILED: Final = "Sorry, that didn't work out. Please try again."


@dataclass(frozen=True)
class Made:
    """What a job has made: the object to store and what to say about it."""

    object_key: str
    body: bytes
    content_type: str
    message: str


@dataclass(frozen=True)
class Tools:
    """What jobs work with."""

    engine: AsyncEngine
    storage: Storage
    telegram: Telegram
    avatar_seconds: float


async def make_avatar(tools: Tools, key: str, given: dict[str, Any]) -> Made:
    """Draw the picture of a text."""
    await asyncio.sleep(tools.avatar_seconds)
    text = str(given["text"])
    body = await asyncio.to_thread(picture.draw, text)
    name = f"avatars/{key.partition(':')[2]}.png"
    message = f"Your avatar for “{text[:200]}” is ready: {name} ({len(body)} bytes)."
    return Made(name, body, "image/png", message)


async def make_fal_result(tools: Tools, key: str, given: dict[str, Any]) -> Made:
    """Keep fal.ai's answer as it came, and put it in words."""
    del tools
    request_id = key.partition(":")[2]
    name = f"fal/{request_id}.json"
    payload = given.get("payload")
    if given["status"] == "ERROR":
        message = f"The generation {request_id} failed: {str(given.get('error') or 'no reason given')[:300]}"
    elif payload is None:
        reason = str(given.get("payload_error") or "no reason given")[:300]
        message = f"The generation {request_id} is finished, but its result could not be delivered: {reason}"
    else:
        image = payload.get("image_url") if isinstance(payload, dict) else None
        message = f"The generation {request_id} is ready" + (f": {str(image)[:1000]}" if image else ".")
    return Made(name, json.dumps(given).encode(), "application/json", message)


MAKERS: Final = {AVATAR: make_avatar, FAL_RESULT: make_fal_result}


async def run_job(tools: Tools, key: str) -> None:
    """Bring the job of that key as far as it gets. An exception means: try again."""
    row = await _begin(tools.engine, key)
    if row is None:
        return
    if row.attempts > MAX_ATTEMPTS:
        await _give_up(tools, key, row.state)
    elif row.state == "received":
        made = await MAKERS[row.kind](tools, key, row.input)
        await tools.storage.put(made.object_key, made.body, made.content_type)
        # Neither PostgreSQL nor Telegram takes every character that JSON can carry.
        message = made.message.replace("\0", "").encode(errors="replace").decode()
        await _update(tools.engine, key, state="stored", object_key=made.object_key, message=message)
    await _tell(tools, key)


async def _give_up(tools: Tools, key: str, state: str) -> None:
    if state == "stored":
        await _finish(tools, key, told=False, error="gave up")
    else:
        await _update(tools.engine, key, state="stored", message=FAILED, attempts=0)


async def _begin(engine: AsyncEngine, key: str) -> sa.Row[Any] | None:
    """Count the attempt and return the row; None if there is nothing left to do."""
    query = (
        sa.update(jobs)
        .where(jobs.c.key == key, jobs.c.finished_at.is_(None))
        .values(attempts=jobs.c.attempts + 1)
        .returning(jobs.c.kind, jobs.c.input, jobs.c.state, jobs.c.attempts)
    )
    async with engine.begin() as db:
        return (await db.execute(query)).one_or_none()


async def _update(engine: AsyncEngine, key: str, **values: Any) -> None:
    async with engine.begin() as db:
        await db.execute(sa.update(jobs).where(jobs.c.key == key).values(**values))


async def _finish(tools: Tools, key: str, *, told: bool, error: str | None = None) -> None:
    now = sa.func.now()
    failed = jobs.c.object_key.is_(None)
    await _update(
        tools.engine,
        key,
        state=sa.case((failed, "failed"), else_="done"),
        finished_at=now,
        told_at=now if told else None,
        error=error,
    )
    log.info("job finished", extra={"key": key, "told": told, "error": error})


async def _tell(tools: Tools, key: str) -> None:
    subscribed = (
        sa.select(fal_subscriptions.c.chat_id)
        .where(sa.literal("fal:") + fal_subscriptions.c.request_id == jobs.c.key)
        .scalar_subquery()
    )
    claim = (
        sa.update(jobs)
        .where(jobs.c.key == key, jobs.c.telling_at.is_(None))
        .values(telling_at=sa.func.now())
        .returning(sa.func.coalesce(jobs.c.chat_id, subscribed).label("chat_id"), jobs.c.message)
    )
    async with tools.engine.begin() as db:
        row = (await db.execute(claim)).one_or_none()
    if row is None:
        await _settle_interrupted(tools, key)
    elif row.chat_id is None:
        await _finish(tools, key, told=False, error="nobody to tell")
    else:
        await _send(tools, key, row.chat_id, row.message)


async def _send(tools: Tools, key: str, chat_id: int, message: str) -> None:
    try:
        await tools.telegram.send(chat_id, message)
    except NotSent as error:
        await _update(tools.engine, key, telling_at=None, error=str(error))
        raise
    except Undeliverable as error:
        await _finish(tools, key, told=False, error=str(error))
    except Unknown as error:
        await _finish(tools, key, told=False, error=f"not known whether the user was told: {error}")
    else:
        await _finish(tools, key, told=True)


async def _settle_interrupted(tools: Tools, key: str) -> None:
    """Another attempt has claimed the telling; finish for it if it never came back."""
    old = jobs.c.telling_at < sa.func.now() - timedelta(seconds=CLAIM_SECONDS)
    query = sa.select(jobs.c.key).where(jobs.c.key == key, jobs.c.finished_at.is_(None), old)
    async with tools.engine.connect() as db:
        interrupted = await db.scalar(query)
    if interrupted:
        await _finish(tools, key, told=False, error="not known whether the user was told: interrupted")
