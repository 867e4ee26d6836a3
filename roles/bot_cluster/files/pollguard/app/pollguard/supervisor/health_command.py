"""A task that runs the health command while COMMAND runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

from ..config import HealthCommand
from .children import Children

log = logging.getLogger("pollguard.watch")


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
