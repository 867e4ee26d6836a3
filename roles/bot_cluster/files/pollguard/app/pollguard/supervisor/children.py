"""Reaps the guard's children, and runs short programs among them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping

from .processes import exit_code_of


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
