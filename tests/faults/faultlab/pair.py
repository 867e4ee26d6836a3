"""Two pollers of one bot, as they are on an engine: who is active, and whether both are well."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass
from typing import Any

from faultlab.engine import Engine, EngineError
from faultlab.standin import Standin

GUARD = (
    *("/pollguard/lib/ld.so", "--library-path", "/pollguard/lib"),
    *("/pollguard/usr/bin/python3", "-I", "-S", "/pollguard/app"),
)
READY_S = 90.0
LOOK_S = 0.5


class NotReady(Exception):
    """A pair didn't get well in time, with what its guards say."""


@dataclass(frozen=True)
class Poller:
    """One poller: its container, and what its guard calls itself."""

    container: str
    instance: str


@dataclass(frozen=True)
class Store:
    """The Redis of a pair: its container, and how to speak to it there."""

    container: str
    cli: tuple[str, ...] = ("redis-cli",)
    port: int = 6379


@dataclass(frozen=True)
class Pair:
    """Pollers of one bot.

    Args:
        framework: aiogram, ptb, telebot, telegraf or grammy.
        username: of its bot, at the stand-in.
        ttl: time to live of the lease, in seconds.
    """

    framework: str
    username: str
    pollers: tuple[Poller, ...]
    engine: Engine
    standin: Standin
    store: Store
    ttl: float = 3.0

    def status(self, poller: Poller) -> dict[str, Any]:
        """Return what a guard says of itself; nothing when none answers."""
        with contextlib.suppress(EngineError, ValueError):
            said = self.engine.docker("exec", poller.container, *GUARD, "status", "--json", timeout=20)
            return dict(json.loads(said))
        return {}

    def wait_until_ready(self, seconds: float = READY_S) -> Poller:
        """Wait until one poller is active and all are good; returns the active one. Raises NotReady."""
        deadline = time.monotonic() + seconds
        while True:
            active = self._active_of_a_ready_pair()
            if active is not None:
                return active
            if time.monotonic() > deadline:
                said = {one.container: (self.status(one), self.log(one)) for one in self.pollers}
                raise NotReady(f"{self.framework}: not ready in {seconds:.0f} s: {said}")
            time.sleep(LOOK_S)

    def _active_of_a_ready_pair(self) -> Poller | None:
        # Each look costs a process on the engine's machine: it ends with the first guard that isn't good.
        active = []
        for poller in self.pollers:
            said = self.status(poller)
            if not said.get("good"):
                return None
            if said.get("role") == "active":
                if len(said.get("standbys") or []) < len(self.pollers) - 1:
                    return None
                active.append(poller)
        return active[0] if len(active) == 1 else None

    def other(self, poller: Poller) -> Poller:
        """Return the first poller that is another one."""
        return next(one for one in self.pollers if one != poller)

    def log(self, poller: Poller, lines: int = 30) -> str:
        """Return the end of what a poller's container wrote."""
        words = ("logs", "--tail", str(lines), poller.container)
        return self.engine.run("sh", "-c", 'exec docker "$@" 2>&1', "sh", *words, check=False)

    def hand_over(self, poller: Poller, seconds: float = 60.0) -> str:
        """Order a hand-over; returns what the guard says. Raises EngineError when it wasn't done."""
        return self.engine.docker("exec", poller.container, *GUARD, "handover", timeout=seconds)

    def signal_bot(self, poller: Poller, signal: str) -> None:
        """Send a signal to a poller's bot itself."""
        pid = self.status(poller).get("command_pid")
        if not pid:
            raise NotReady(f"{poller.container} runs no bot")
        self.engine.docker("exec", poller.container, "sh", "-c", f"kill -{signal} {pid}")

    def addresses(self) -> dict[str, str]:
        """Return each poller's instance by its address on its network."""
        return {self.engine.address(one.container): one.instance for one in self.pollers}
