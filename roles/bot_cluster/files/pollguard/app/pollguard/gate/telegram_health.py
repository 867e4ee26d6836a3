"""Whether Telegram can be reached from here, and what it says of the bot: asked by getWebhookInfo, which
disturbs no poll, and learned from polls by the way."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any

from ..clock import Clock
from .back_off import retry_after
from .upstream import Reply, UnreachableError, Upstream

log = logging.getLogger("pollguard.api")

_INTERVAL = 2.0
_INTERVAL_IN_TROUBLE = 1.0
_TIMEOUT = 2.5
_LONGEST_TIMEOUT = 10.0
"""While Telegram is unreachable, since on a slow link a connection alone may take longer than _TIMEOUT."""
_LONGEST_PAUSE = 30.0
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
        self._pause = 0.0
        """Seconds that Telegram has asked for before the next probe."""
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
            await asyncio.sleep(max(self._pause, _INTERVAL_IN_TROUBLE if self._failures else _INTERVAL))

    async def probe(self) -> bool:
        """Ask once; whether Telegram answers."""
        try:
            await self.query_webhook()
        except UnreachableError:
            return False
        return not self._failures

    async def query_webhook(self) -> Reply | None:
        """Ask once whether a webhook is set, and learn from the reply.

        Returns the reply if it leaves that open, and raises UnreachableError without one.
        """
        try:
            reply = await self._upstream.call(self._path, {}, self._timeout)
        except UnreachableError as error:
            self.failed(str(error))
            raise
        refused = self.revoked or self.webhook
        self.judge(reply)
        self._pause = min(_LONGEST_PAUSE, retry_after(reply)) if reply.status == 429 else 0.0
        result = _result(reply)
        is_clear = isinstance(result, dict)
        if is_clear:
            self.webhook = bool(result.get("url"))
            pending = result.get("pending_update_count")
            self.backlog = pending if isinstance(pending, int) else None
            self.counted(self.backlog)
        if refused and not (self.revoked or self.webhook):
            self._changed()
        return None if is_clear else reply

    @property
    def _timeout(self) -> float:
        """Seconds for a probe: short while a failure has consequences, then growing until one succeeds."""
        if self.answered_at is None:
            return _LONGEST_TIMEOUT
        doublings = min(max(0, self._failures + 1 - _CUT_OFF_AFTER), 8)
        return min(_LONGEST_TIMEOUT, _TIMEOUT * 2.0**doublings)

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
