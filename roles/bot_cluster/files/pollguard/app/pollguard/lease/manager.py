"""Keeps the lease, or keeps asking for it; knows what Redis said last. Decides nothing about COMMAND."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable

from ..clock import Clock
from ..config import Margins
from .model import (
    Answer,
    LeaseError,
    LeaseRefusedError,
    Take,
    Tenure,
    new_token,
    next_request,
    parse_offset,
)
from .store import LeaseStore
from .watch import Watch

log = logging.getLogger("pollguard.lease")

_RETRY = 0.1
_RESUBSCRIBE = 1.0


class Leasing:
    """The lease as this guard knows it. `changed` is called whenever something here has changed."""

    def __init__(
        self,
        store: LeaseStore,
        margins: Margins,
        clock: Clock,
        changed: Callable[[], None],
        may_take: Callable[[], bool],
        *,
        is_ready: Callable[[], bool] = lambda: True,
        observe: Callable[[float], None] = lambda _: None,
        keep: bool = False,
    ) -> None:
        self.tenure: Tenure | None = None
        self.answer: Answer | None = None
        self.errors = 0
        self.last_error = ""
        self.failing = False
        self.refused = False
        """Redis refused the login, or a command, when it was asked last."""
        self.takes = 0
        self.lost_at: float | None = None
        """When the lease was found to be another's, unreleased; None once it is taken again."""
        self._lost = False
        """It has gone unreleased, and nobody is known to have it yet."""
        self.free_since: float | None = None
        """Since when Redis has said that nobody holds the lease."""
        self.role_since = time.time()
        """Since when this guard has been active, or a standby; wall clock."""
        self.known_position: tuple[int | None, int | None] = (None, None)
        """`delivered` and `confirmed` as last read: where to go on, should Redis forget them."""
        self._store = store
        self._margins = margins
        self._clock = clock
        self._changed = changed
        self._may_take = may_take
        self._is_ready = is_ready
        self._observe = observe
        self._keep = keep
        self._token = new_token()
        self._seen_epoch = 0
        self._others_until = clock() + margins.ttl
        self._watch = Watch(margins.ttl, clock)
        self._poked = asyncio.Event()
        # One request at a time: a release must not overtake the renewal before it.
        self._lock = asyncio.Lock()
        self._waiting = False

    @property
    def active(self) -> bool:
        """The lease is held for certain, with some time to spare; with `keep`, also while Redis is away."""
        if self.tenure is None:
            return False
        in_time = self._clock() < self._margins.kill_at(self.tenure.renewed_at)
        return in_time or (self._keep and self.failing)

    @property
    def beat(self) -> float:
        """Seconds within which each standby has told Redis of itself, should Redis have forgotten it."""
        return self._margins.renew + self._margins.request_timeout

    async def run(self) -> None:
        """Renew or ask, for ever."""
        while True:
            # Before asking: a notice that comes meanwhile is about something newer than the answer.
            self._poked.clear()
            await self._sleep_until(await self.ask())

    async def ask(self) -> float:
        """Renew or ask once; returns when to do so again."""
        async with self._lock:
            due = await self._request(self._clock())
        self._changed()
        return due

    async def listen(self) -> None:
        """Ask at once when something is announced, for ever."""
        warned = False
        while True:
            try:
                async for notice in self._store.notices():
                    warned = False
                    self._hear(notice)
            except LeaseError as error:
                self._watch.unsubscribed()
                if not warned and not self.failing:
                    log.warning(
                        "no notices of releases (%s): asking every %g s only", error, self._margins.renew
                    )
                    warned = True
            await asyncio.sleep(_RESUBSCRIBE)

    def poke(self) -> None:
        """Ask Redis now rather than at the next interval."""
        self._poked.set()

    async def deliver(self, delivered: int, confirmed: int) -> bool:
        """The fence: whether updates up to `delivered` may be handed out. Asks until Redis says so or not, or
        the lease has run out."""
        asked_again = False
        while (tenure := self.tenure) is not None and self.active:
            if self.failing and self._keep:
                return True
            try:
                if await self._store.deliver(tenure, delivered, confirmed):
                    return True
            except LeaseError as error:
                self._failed(error)
                self._changed()
                await asyncio.sleep(_RETRY)
                continue
            if asked_again:
                return False
            # Lost, or only forgotten by Redis: then renewing puts it back.
            asked_again = True
            await self.ask()
        return False

    async def release(self, position: int | None = None) -> None:
        """Give the lease up, if it is held or a lost answer may have granted it."""
        async with self._lock:
            tenure, self.tenure = self.tenure, None
            self.role_since = time.time()
            token, self._token = self._token, new_token()
            until = self._margins.deadline(tenure.renewed_at) if tenure else self._clock()
            while True:
                try:
                    released = await self._store.release(token, position)
                except LeaseError as error:
                    self._failed(error)
                    if self._clock() >= until:
                        log.warning("the lease could not be released, it ends by itself")
                        return
                    await asyncio.sleep(_RETRY)
                else:
                    if released:
                        log.info("lease released")
                    return

    async def leave(self) -> None:
        """Before the process ends: give up whatever may be held, and no longer count as a standby."""
        async with self._lock:
            pass  # what is being asked just now may still be granted
        if self.tenure is not None or self.failing:
            await self.release()
        if self._waiting and not self.failing:
            with contextlib.suppress(LeaseError):
                await self._store.leave()

    def drop(self) -> None:
        """The tenure has run out on the clock."""
        if self.tenure is not None:
            log.warning("the lease of epoch %d ran out", self.tenure.epoch)
        self.tenure = None
        self.role_since = time.time()
        self._token = new_token()

    async def _request(self, asked_at: float) -> float:
        before = self.tenure
        try:
            if before is not None:
                # Another may have had the lease since, and Redis have forgotten that as well.
                in_time = asked_at < self._margins.deadline(before.renewed_at)
                held, answer = await self._store.renew(before, restore=in_time or self._keep)
            else:
                held, answer = await self._store.attempt(
                    self._token,
                    self._seen_epoch,
                    self._take(asked_at),
                    ready=self._is_ready(),
                    told=self._watch.told(self.answer),
                )
        except LeaseError as error:
            self._failed(error)
            return self._clock() + (_RETRY if before is not None else self._margins.renew)
        if self.failing:
            log.info("Redis answers again")
        self.failing = self.refused = False
        self._observe(answer.at - asked_at)
        self.answer = answer
        self._watch.answered(answer, asked_at)
        if answer.delivered is not None:
            self.known_position = answer.delivered, answer.confirmed
        self._seen_epoch = max(self._seen_epoch, answer.epoch)
        if answer.holder:
            self._others_until = answer.at + answer.left
        # The clock may have run out while Redis was asked, and the tenure been dropped.
        if before is not None and self.tenure is None:
            with contextlib.suppress(LeaseError):
                await self._store.release(before.token)
            return self._clock()
        self.free_since = None if answer.holder else self.free_since or answer.at
        self._waiting = held is None
        if (before is None) is not (held is None):
            self.role_since = time.time()
        self.tenure = held
        if before is None and held is not None:
            self.takes += 1
            self.lost_at, self._lost = None, False
            log.info("lease taken, epoch %d", held.epoch)
        if before is not None and held is None:
            self._token = new_token()
            log.error("the lease of epoch %d is lost: %s", before.epoch, answer.holder or "the key is gone")
            if not answer.holder:
                self._lost = True
                return self._clock()  # to take it again, if it may be
            self.lost_at = answer.at
        elif self._lost and answer.holder and held is None:
            self.lost_at, self._lost = answer.at, False
        due = next_request(held.renewed_at if held else None, answer, self._margins, asked_at)
        waits = held is None and not answer.holder and not answer.released and answer.at < self._others_until
        return min(due, self._others_until) if waits else due

    def _hear(self, notice: str) -> None:
        if notice:
            self._watch.heard(notice)
            word, _space, position = notice.partition(" ")
            if word == "released" and (start := parse_offset(position)) is not None:
                self.known_position = start, start
        else:
            self._watch.subscribed()
        self.poke()

    def _take(self, now: float) -> Take:
        """What Redis' clock says of a lease that ran out must agree with what was seen of it: that clock may
        have been set forward under a holder who is well."""
        if not self._may_take():
            return Take.NONE
        return Take.EXPIRED if now >= self._others_until else Take.RELEASED

    def _failed(self, error: LeaseError) -> None:
        self.errors += 1
        self.last_error = str(error)
        self.refused = isinstance(error, LeaseRefusedError)
        if not self.failing:
            self.failing = True
            log.warning("Redis doesn't answer: %s", error)

    async def _sleep_until(self, due: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, due - self._clock())):
                await self._poked.wait()
