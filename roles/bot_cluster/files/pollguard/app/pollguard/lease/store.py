"""The lease's requests to Redis: each bounded in time, none repeated behind the guard's back."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, cast

from redis.exceptions import AuthenticationError, NoPermissionError, NoScriptError, ResponseError

from ..clock import Clock
from ..config import Margins
from . import scripts
from .model import Answer, Keys, LeaseError, LeaseRefusedError, Take, Tenure, parse_answer

if TYPE_CHECKING:
    from redis.asyncio import Redis

# Refusals for which Redis has no error code: a command renamed or disabled, no Lua, a command that a user may
# not run in a script, and no such database.
_REFUSALS = re.compile(
    r"(unknown|unsupported)( redis)? command|can't run this command|DB index is out of range", re.IGNORECASE
)


class LeaseStore:
    """The requests. Each ends within `margins.request_timeout`, whatever Redis and the network do."""

    def __init__(
        self, connect: Callable[[], Redis], keys: Keys, instance: str, margins: Margins, clock: Clock
    ) -> None:
        self.keys = keys
        self.instance = instance
        self._connect = connect
        self._client = connect()
        self._margins = margins
        self._clock = clock
        self._cleaning: set[asyncio.Task[None]] = set()
        self._ttl = str(int(margins.ttl * 1000))

    async def attempt(
        self, token: str, seen_epoch: int, take: Take, *, ready: bool = True, told: str = ""
    ) -> tuple[Tenure | None, Answer]:
        """Take the lease as `take` allows, its epoch above `seen_epoch`; else be a standby if `ready`.
        `told`: the `until` of a lost lease that nobody can hold any more, see watch.py."""
        asked_at = self._clock()
        presence = int(max(self._margins.ttl, 4 * self._margins.renew) * 1000) if ready else 0
        answer = await self._ask(
            scripts.ATTEMPT,
            self.keys.notice,
            token,
            self.instance,
            self._ttl,
            str(seen_epoch),
            str(presence),
            take.value,
            told or "none",
        )
        held = Tenure(token, answer.epoch, self.instance, asked_at) if answer.mine else None
        return held, answer

    async def renew(self, tenure: Tenure, *, restore: bool = True) -> tuple[Tenure | None, Answer]:
        """The tenure from now on; None when it is over. `restore` puts back what Redis has lost."""
        asked_at = self._clock()
        answer = await self._ask(
            scripts.RENEW,
            self.keys.notice,
            tenure.value,
            str(tenure.epoch),
            self._ttl,
            str(int(restore)),
        )
        held = Tenure(tenure.token, tenure.epoch, tenure.instance, asked_at) if answer.mine else None
        return held, answer

    async def deliver(self, tenure: Tenure, delivered: int, confirmed: int) -> bool:
        """The fence: move the bot's position; False when the lease is no longer this tenure's."""
        return bool(await self._run(scripts.DELIVER, tenure.value, str(delivered), str(confirmed)))

    async def release(self, token: str, position: int | None = None) -> bool:
        """End the tenure and tell those who wait; False when it was over already. With `position` the next
        holder starts there, without at what is confirmed."""
        start = "" if position is None else str(position)
        return bool(await self._run(scripts.RELEASE, token, self.keys.notice, start))

    async def leave(self) -> None:
        """This instance no longer is a standby."""
        await self._run(scripts.LEAVE, self.instance)

    async def notices(self) -> AsyncIterator[str]:
        """Yields each notice (see scripts.py), and an empty one when the subscription begins; raises
        LeaseError when it breaks."""
        client = self._connect()
        pubsub = client.pubsub()
        unheard = 0
        try:
            await asyncio.wait_for(pubsub.subscribe(self.keys.notice), self._margins.request_timeout)
            while unheard < 3:  # pings without an answer: the connection is dead
                message = await pubsub.get_message(timeout=5.0)
                if message is None:
                    unheard += 1
                    await asyncio.wait_for(pubsub.ping(), self._margins.request_timeout)
                    continue
                unheard = 0
                if message["type"] == "subscribe":
                    yield ""
                elif message["type"] == "message":
                    yield str(message["data"])
            raise LeaseError("the subscription went silent")
        except Exception as error:  # a client that is cut off in mid-sentence raises all sorts
            raise LeaseError(_say(error)) from error
        finally:
            self._dispose(client, pubsub.aclose())  # type: ignore[no-untyped-call]

    async def close(self) -> None:
        """Drop the connections."""
        self._dispose(self._client)
        if self._cleaning:
            await asyncio.wait(self._cleaning, timeout=0.1)

    async def _ask(self, script: str, *arguments: str) -> Answer:
        reply = await self._run(script, *arguments)
        return parse_answer(cast(list[Any], reply), self._clock())

    async def _run(self, script: str, *arguments: str) -> object:
        task = asyncio.ensure_future(self._evaluate(script, *arguments))
        # Not wait_for: that waits for the cancelled request, however long it takes to die.
        try:
            done, _pending = await asyncio.wait({task}, timeout=self._margins.request_timeout)
        except asyncio.CancelledError:
            _abandon(task)
            raise
        error = task.exception() if done and not task.cancelled() else None
        if done and not task.cancelled() and error is None:
            return task.result()
        _abandon(task)
        # The connection may hold the late answer to this request: never use it again.
        broken, self._client = self._client, self._connect()
        self._dispose(broken)
        kind = LeaseRefusedError if _is_refusal(error) else LeaseError
        raise kind(_say(error) if error else "no answer in time") from error

    async def _evaluate(self, script: str, *arguments: str) -> object:
        client, keys = self._client, self.keys.all
        sha = hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()
        try:
            return await cast("Awaitable[object]", client.evalsha(sha, len(keys), *keys, *arguments))
        except NoScriptError:
            return await cast("Awaitable[object]", client.eval(script, len(keys), *keys, *arguments))

    def _dispose(self, client: Redis, first: Awaitable[None] | None = None) -> None:
        async def close() -> None:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(2):
                    if first is not None:
                        await first
                    await client.aclose()
                    await client.connection_pool.disconnect()
                    manager = getattr(client.connection_pool, "sentinel_manager", None)
                    for sentinel in manager.sentinels if manager else ():
                        await sentinel.aclose()

        task = asyncio.ensure_future(close())
        self._cleaning.add(task)
        task.add_done_callback(self._cleaning.discard)


def _abandon(task: asyncio.Future[object]) -> None:
    task.cancel()
    # Whatever becomes of it is of no interest, and shall not be complained about.
    task.add_done_callback(lambda done: done.cancelled() or done.exception())


def _is_refusal(error: BaseException | None) -> bool:
    if isinstance(error, (AuthenticationError, NoPermissionError)):
        return True
    return isinstance(error, ResponseError) and _REFUSALS.search(str(error)) is not None


def _say(error: BaseException) -> str:
    # Redis repeats the arguments of a command that it doesn't know; the lease's token is one of them.
    told = str(error).partition(", with args beginning with")[0]
    return f"{type(error).__name__}: {told}".splitlines()[0] if told else type(error).__name__
