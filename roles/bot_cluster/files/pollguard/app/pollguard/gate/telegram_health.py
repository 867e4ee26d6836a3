"""Whether Telegram can be reached from here, and what it says of the bot: asked by getWebhookInfo, which
disturbs no poll, and learned from polls by the way."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any

from ..clock import Clock
from .upstream import Reply, UnreachableError, Upstream

log = logging.getLogger("pollguard.api")

_INTERVAL = 2.0
_INTERVAL_IN_TROUBLE = 1.0
_TIMEOUT = 2.5
_SUSPICIOUS = 1.0
"""After so long without a response a second probe goes out: one that hangs counts as unreachable within
_INTERVAL + _SUSPICIOUS + _TIMEOUT, 5.5 s."""
_CUT_OFF_AFTER = 2
_CONFLICT_LASTS = 15.0


class Reach:
    """What is known of Telegram. `changed` is called when `reachable` turns, and when it refuses no more."""

    def __init__(self, upstream: Upstream, path: str, clock: Clock, changed: Callable[[], None]) -> None:
        self.answered_at: float | None = None
        self.error = ""
        """Why the last request failed; empty after a good one."""
        self.revoked = False
        self.unauthorized = 0
        self.webhook = False
        self.backlog: int | None = None
        self.counted: Callable[[int | None], None] = lambda _: None
        """Called with each new `backlog`."""
        self.conflicts = 0
        self.conflict_at: float | None = None
        self._failures = 0
        self._upstream = upstream
        self._path = path
        self._clock = clock
        self._changed = changed

    @property
    def reachable(self) -> bool:
        """Telegram has answered, and no two requests in a row have failed since."""
        return self.answered_at is not None and self._failures < _CUT_OFF_AFTER

    @property
    def stranger(self) -> bool:
        """Somebody else has polled with this token a moment ago."""
        return self.conflict_at is not None and self._clock() - self.conflict_at < _CONFLICT_LASTS

    async def run(self) -> None:
        """Ask now and then, for ever."""
        while True:
            first = asyncio.ensure_future(self.probe())
            try:
                await asyncio.wait({first}, timeout=_SUSPICIOUS)
                # Where the second one gets a response, only the first one's connection is dead.
                if first.done() or not await self.probe():
                    await first
            finally:
                first.cancel()
            await asyncio.sleep(_INTERVAL_IN_TROUBLE if self._failures else _INTERVAL)

    async def probe(self) -> bool:
        """Ask once; whether Telegram answers."""
        try:
            reply = await self._upstream.call(self._path, {}, _TIMEOUT)
        except UnreachableError as error:
            self.failed(str(error))
            return False
        refused = self.revoked or self.webhook
        self.judge(reply)
        result = _result(reply)
        if isinstance(result, dict):
            self.webhook = bool(result.get("url"))
            pending = result.get("pending_update_count")
            self.backlog = pending if isinstance(pending, int) else None
            self.counted(self.backlog)
        if refused and not (self.revoked or self.webhook):
            self._changed()
        return not self._failures

    def judge(self, reply: Reply) -> None:
        """Learn from any answer of Telegram's to a request of the guard's own."""
        if reply.status in (401, 404):
            if not self.revoked:
                log.error("Telegram refuses the token (%d): it was revoked, or is wrong", reply.status)
            self.revoked = True
            self.unauthorized += 1
            self._answered(f"the token is refused ({reply.status})")
        elif reply.status >= 500:
            self.failed(f"{self._upstream.host} answers {reply.status}")
        else:
            self.revoked = False
            self._answered("")

    def conflict(self) -> None:
        """A poll was answered 409 while the lease was held."""
        self.conflicts += 1
        if not self.stranger:
            log.warning("conflict: somebody else polls with this token (409)")
        self.conflict_at = self._clock()

    def failed(self, error: str) -> None:
        """A request had no good answer."""
        before = self.reachable
        self._failures += 1
        if not self.error:
            log.warning("Telegram: %s", error)
        self.error = error
        if self.reachable is not before:
            self._changed()

    def _answered(self, error: str) -> None:
        before = self.reachable
        if self._failures:
            log.info("Telegram answers again")
        self._failures = 0
        self.error = error
        self.answered_at = self._clock()
        if self.reachable is not before:
            self._changed()


def _result(reply: Reply) -> Any:
    try:
        answer = json.loads(reply.body)
    except ValueError:
        return None
    return answer.get("result") if isinstance(answer, dict) else None
