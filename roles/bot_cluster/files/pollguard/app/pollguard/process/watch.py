"""Tasks that watch COMMAND while it runs: its connections to the Bot API, and the health command."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import Callable, Mapping

from ..clock import Clock
from ..config import HealthCommand
from ..supervisor.processes import descendants, exit_code_of
from .connections import Endpoint, PollSight, parse_rows, read_tables, row_addresses, sockets_of

log = logging.getLogger("pollguard.watch")

_SAMPLE = 1.0
# The kernel walks its whole table for each look, some milliseconds on a large machine.
_SAMPLE_WHILE_SEEN = 5.0
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
        """Look once a second, less often as long as a poll is seen, for ever."""
        while True:
            seen = False
            # To see nothing is a matter for health, to fail at looking is no reason to end anything.
            with contextlib.suppress(OSError, ValueError):
                seen = self.watching and self._look()
            if self.watching:
                self._changed()
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
            await asyncio.sleep(1.0 if self.blind else _RESOLVE)

    def _look(self) -> bool:
        rows = list(parse_rows(read_tables(), self._addresses))
        owned: set[int] | None = set()
        if self._sight.unknown(rows):
            owned = sockets_of(descendants(self._keeper_pid))
        if not self._sight.sample(rows, owned):
            return False
        self.seen_at = self._clock()
        return True


class Children:
    """Reaps every child of the guard: as PID 1 it inherits strangers, too."""

    def __init__(self) -> None:
        self._awaited: dict[int, asyncio.Future[int]] = {}

    def watch(self) -> None:
        """Begin to reap."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self.reap)
        self.reap()

    def reap(self) -> None:
        """Collect all that have ended."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            future = self._awaited.pop(pid, None)
            if future is not None and not future.done():
                future.set_result(exit_code_of(status))

    async def run(self, argv: tuple[str, ...], env: Mapping[bytes, bytes], limit: float) -> int | None:
        """Exit code of a short program with silent output; None when it had to be killed after `limit` s.

        Raises OSError when it can't be started.
        """
        actions = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)]
        pid = os.posix_spawnp(  # noqa: ASYNC221 (returns once the program is started)
            argv[0],
            argv,
            env,
            file_actions=actions,
            setpgroup=0,
            setsigmask=(),
            setsigdef=(signal.SIGPIPE, signal.SIGXFSZ),
        )
        # No await since the spawn: it can't have been reaped yet.
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._awaited[pid] = future
        try:
            async with asyncio.timeout(limit):
                return await future
        except TimeoutError:
            return None
        finally:
            if not future.done() or future.cancelled():
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)


class HealthWatch:
    """Runs the health command; `failed` once it has failed too often in a row."""

    def __init__(
        self,
        command: HealthCommand,
        env: Mapping[bytes, bytes],
        children: Children,
        changed: Callable[[], None],
    ) -> None:
        self.failures = 0
        self.running = False
        """COMMAND runs, and has had its time to start."""
        self._command = command
        self._env = env
        self._children = children
        self._changed = changed

    @property
    def failed(self) -> bool:
        """COMMAND is to be given up."""
        return self.failures >= self._command.retries

    async def run(self) -> None:
        """Ask again and again, for ever."""
        command = self._command
        while True:
            await asyncio.sleep(command.interval)
            if not self.running:
                self.failures = 0
                continue
            try:
                code = await self._children.run(command.argv, self._env, command.timeout)
                outcome = f"exit code {code}" if code is not None else f"no end within {command.timeout:g} s"
            except OSError as error:
                code, outcome = 127, str(error)
            self.failures = 0 if code == 0 else self.failures + 1
            if code != 0:
                count = f"{self.failures} of {command.retries}"
                log.warning("the health command failed, %s: %s", count, outcome)
                self._changed()
