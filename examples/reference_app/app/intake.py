"""What becomes of a webhook: one row per request id, then a place in the queue."""

from __future__ import annotations

import json
import re
from typing import Any, Final, Literal

import sqlalchemy as sa
from saq.queue.redis import RedisQueue
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from app.database import jobs
from app.queue import offer

FAL_RESULT: Final = "fal_result"
REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,200}")


class Malformed(Exception):
    """The body isn't one of fal.ai's; the text says what was expected."""


def parse(body: bytes) -> dict[str, Any]:
    """The body as an object with a usable ``request_id`` and ``status``.

    Raises:
        Malformed: it has none.
    """
    try:
        parsed = json.loads(body)
    except ValueError:
        raise Malformed("the body is not JSON") from None
    if not isinstance(parsed, dict):
        raise Malformed("the body is not an object")
    request_id = parsed.get("request_id")
    if not isinstance(request_id, str) or not REQUEST_ID.fullmatch(request_id):
        raise Malformed("request_id is not 1 to 200 letters, digits or any of ._:-")
    if parsed.get("status") not in ("OK", "ERROR"):
        raise Malformed("status is neither OK nor ERROR")
    return parsed


async def accept(
    engine: AsyncEngine, queue: RedisQueue, result: dict[str, Any]
) -> Literal["accepted", "duplicate"]:
    """Store a result once and queue its job.

    From the committed row on nothing can be lost: a repeat of the request queues the job again if it isn't
    finished (which changes nothing where it is queued already), and so does the worker's relay, so an
    unreachable queue is no reason to refuse.
    """
    key = f"fal:{result['request_id']}"
    payload = result.get("payload")
    chat_id = payload.get("chat_id") if isinstance(payload, dict) else None
    row = {
        "key": key,
        "kind": FAL_RESULT,
        "chat_id": chat_id if type(chat_id) is int and abs(chat_id) < 2**63 else None,
        "input": result,
    }
    async with engine.begin() as db:
        new = await db.scalar(insert(jobs).values(row).on_conflict_do_nothing().returning(jobs.c.key))
        state = "received" if new else await db.scalar(sa.select(jobs.c.state).where(jobs.c.key == key))
    if state not in ("done", "failed"):
        await offer(queue, key, FAL_RESULT)
    return "accepted" if new else "duplicate"
