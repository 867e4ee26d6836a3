"""Updates in PostgreSQL: each is handled once, and none is lost, whatever happens to this process.

An update is stored before it is confirmed to Telegram (by the next poll's offset), and handled inside a
transaction that holds its row locked and says that it is done. So

- one that is delivered again finds its row done, or locked by whoever is at it, and is left alone;
- one whose handler dies with its process comes free at once (PostgreSQL rolls back and unlocks when the
  connection breaks) and is taken by whichever poller sees it next: **at least once**. It is answered twice
  only if the process died between the answer and the commit that follows it. The other choice, at most
  once, would turn every crash into silence.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.database import processed_updates as updates

log = logging.getLogger(__name__)

FIRST_RETRY: Final = timedelta(seconds=1)
MAX_ATTEMPTS: Final = 10  # in about five minutes


class ClaimLost(Exception):
    """The transaction that held the update is gone, so another poller may be at it."""


class Claim:
    """An update that is ours until the transaction ends."""

    def __init__(self, db: AsyncConnection, payload: dict[str, Any]) -> None:
        self.db = db
        self.payload = payload
        self.after_commit: list[Callable[[], Awaitable[None]]] = []

    async def confirm(self) -> None:
        """Make sure that it is still ours. To be called before anything that the user sees.

        Raises:
            ClaimLost: it isn't; this process may have been frozen or cut off meanwhile.
        """
        try:
            await self.db.execute(sa.select(1))
        except (SQLAlchemyError, OSError) as error:
            # Its connection can't be rolled back either, and that failure would hide this one.
            await self.db.invalidate()
            raise ClaimLost("the claim's transaction is gone") from error


current_claim: ContextVar[Claim | None] = ContextVar("current_claim", default=None)


def _done(outcome: str) -> dict[str, Any]:
    """What a finished row becomes: its content is nobody's business any more."""
    return {"done_at": sa.func.now(), "payload": sa.null(), "outcome": outcome}


class Inbox:
    """The stored updates of one bot."""

    def __init__(self, engine: AsyncEngine, bot_id: int) -> None:
        self._engine = engine
        self._bot_id = bot_id

    async def store(self, payloads: Iterable[dict[str, Any]]) -> None:
        """Store updates; those that are known already stay as they are."""
        rows = [
            {
                "bot_id": self._bot_id,
                "update_id": payload["update_id"],
                "payload": payload,
                "next_try_at": sa.func.now() + FIRST_RETRY,
            }
            for payload in payloads
        ]
        if rows:
            async with self._engine.begin() as db:
                await db.execute(insert(updates).values(rows).on_conflict_do_nothing())

    @asynccontextmanager
    async def claim(self, update_id: int) -> AsyncIterator[Claim | None]:
        """Hold an update, or None if it is done or someone else holds it.

        Leaving the block commits that it is done; an exception leaves it to be tried again. It is marked
        before the handler runs, so that only the commit comes between the answer and safety.
        """
        mine = (updates.c.bot_id == self._bot_id) & (updates.c.update_id == update_id)
        query = sa.select(updates.c.payload).where(mine, updates.c.done_at.is_(None))
        async with self._engine.begin() as db:
            payload = await db.scalar(query.with_for_update(skip_locked=True))
            if payload is None:
                yield None
                return
            await db.execute(sa.update(updates).where(mine).values(_done("handled")))
            claim = Claim(db, payload)
            before = current_claim.set(claim)
            try:
                yield claim
            finally:
                current_claim.reset(before)
        for action in claim.after_commit:
            await action()

    async def give_up(self, update_id: int, outcome: str) -> None:
        """Be done with an update that can't be handled."""
        mine = (updates.c.bot_id == self._bot_id) & (updates.c.update_id == update_id)
        async with self._engine.begin() as db:
            query = sa.update(updates).where(mine, updates.c.done_at.is_(None))
            await db.execute(query.values(_done(outcome)))

    async def overdue(self) -> list[int]:
        """Updates to try again: nobody is at them, and their time has come. The wait doubles each time."""
        waiting = (
            sa.select(updates.c.update_id)
            .where(updates.c.bot_id == self._bot_id, updates.c.done_at.is_(None))
            .where(updates.c.next_try_at < sa.func.now())
            .order_by(updates.c.update_id)
            .limit(20)
            .with_for_update(skip_locked=True)
        )
        wait = sa.func.least(sa.func.power(2, updates.c.attempts + 1), 60) * timedelta(seconds=1)
        spent = updates.c.attempts >= MAX_ATTEMPTS
        again = (
            sa.update(updates)
            .where(updates.c.bot_id == self._bot_id, updates.c.update_id.in_(waiting))
            .values(
                attempts=updates.c.attempts + 1,
                next_try_at=sa.func.now() + wait,
                done_at=sa.case((spent, sa.func.now())),
                outcome=sa.case((spent, "gave up")),
            )
            .returning(updates.c.update_id, updates.c.outcome)
        )
        async with self._engine.begin() as db:
            rows = (await db.execute(again)).all()
        for row in rows:
            if row.outcome:
                log.error("update %s could not be handled in %s attempts", row.update_id, MAX_ATTEMPTS)
        return [row.update_id for row in rows if not row.outcome]
