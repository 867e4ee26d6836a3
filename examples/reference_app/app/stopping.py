"""What the long-running commands share: stopping in order and trying again."""

from __future__ import annotations

import asyncio
import logging
import random
import signal
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)


def stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def request(name: str) -> None:
        if not stop.is_set():
            log.info("%s: finishing what has begun", name)
            stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, request, number.name)
    return stop


class Backoff:
    """Delays in seconds that double from ``first`` to ``most``, a little scattered."""

    def __init__(self, first: float = 0.5, most: float = 5.0) -> None:
        self._first, self._most, self._next = first, most, first

    def reset(self) -> None:
        self._next = self._first

    def delay(self) -> float:
        value, self._next = self._next, min(self._next * 2, self._most)
        return value * random.uniform(0.8, 1.2)  # noqa: S311 - spreads retries, keeps no secret


async def every(seconds: float, what: str, action: Callable[[], Awaitable[object]]) -> None:
    """Run ``action`` for ever; a failure is logged once, then again when it has passed."""
    failing = False
    while True:
        try:
            await action()
        except Exception as error:
            if not failing:
                log.warning("%s failed: %s: %s", what, type(error).__name__, error)
            failing = True
        else:
            if failing:
                log.info("%s works again", what)
            failing = False
        await asyncio.sleep(seconds)
