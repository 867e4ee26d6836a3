"""A task that watches COMMAND's connections to the Bot API while it runs."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

from ..clock import Clock
from ..supervisor.processes import descendants
from .connections import Endpoint, PollSight, parse_rows, read_tables, row_addresses, sockets_of

_SAMPLE = 1.0
# The kernel walks its whole table for each look, some milliseconds on a large machine.
_SAMPLE_WHILE_SEEN = 5.0
_SAMPLE_WHILE_CALM = 10.0
_RESOLVE = 30.0
_RESOLVE_TIMEOUT = 10.0
_KEEP_ADDRESS = 600.0


class PollWatch:
    """When COMMAND was last seen connected to the Bot API. A run of COMMAND begins with `reset`."""

    def __init__(
        self,
        targets: tuple[Endpoint, ...],
        max_age: float,
        keeper_pid: int,
        clock: Clock,
        changed: Callable[[], None],
    ) -> None:
        self.targets = targets
        self.seen_at: float | None = None
        self.watching = False
        self.calm = False
        """Nothing depends on it soon: look less often."""
        self.certain = False
        """Only a connection that is known to be COMMAND's counts: the guard has some itself."""
        self._interval = max(_SAMPLE, min(_SAMPLE_WHILE_SEEN, max_age / 10))
        self._addresses: dict[str, float] = {}  # spelling in /proc → when the name last resolved to it
        self._sight = PollSight()
        self._keeper_pid = keeper_pid
        self._clock = clock
        self._changed = changed

    @property
    def blind(self) -> bool:
        """The Bot API's address is not known, so nothing can be seen."""
        return not self._addresses

    def reset(self, *, watching: bool) -> None:
        """A run of COMMAND begins or has ended."""
        self.seen_at = None
        self.watching = watching
        self._sight = PollSight()

    async def run(self) -> None:
        """Look once a second, less often as long as a poll is seen or all is calm, for ever."""
        while True:
            seen = False
            # To see nothing is a matter for health, to fail at looking is no reason to end anything.
            with contextlib.suppress(OSError, ValueError):
                seen = self.watching and self._look()
            if self.watching:
                self._changed()
            if self.calm:
                await asyncio.sleep(_SAMPLE_WHILE_CALM)
            else:
                await asyncio.sleep(self._interval if seen else _SAMPLE)

    async def resolve(self) -> None:
        """Keep the addresses fresh, for ever. Old ones count for a while: COMMAND may still use them."""
        loop = asyncio.get_running_loop()
        while True:
            for host, port in self.targets:
                with contextlib.suppress(OSError, TimeoutError, UnicodeError):
                    async with asyncio.timeout(_RESOLVE_TIMEOUT):
                        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                    at = self._clock()
                    for info in found:
                        self._addresses |= dict.fromkeys(row_addresses(str(info[4][0]), port), at)
            oldest = self._clock() - _KEEP_ADDRESS
            fresh = {a: at for a, at in self._addresses.items() if at >= oldest}
            # A resolver that fails for long is no reason to become blind.
            self._addresses = fresh or self._addresses
            await asyncio.sleep(1.0 if self.blind and not self.calm else _RESOLVE)

    def _look(self) -> bool:
        rows = list(parse_rows(read_tables(), self._addresses))
        owned: set[int] | None = set()
        if self._sight.unknown(rows):
            owned = sockets_of(descendants(self._keeper_pid))
            if owned is None and self.certain:
                owned = set()
        if not self._sight.sample(rows, owned):
            return False
        self.seen_at = self._clock()
        return True
