"""Guards in gate mode, as processes with real bots that poll the stand-in."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from pollguard_harness import Folder, GuardProcess, free_port, wait_for
from standin_process import Account

BOT = Path(__file__).with_name("gate_bot.py")


class GateGuardProcess(GuardProcess):
    """`pollguard run` in gate mode."""

    def __init__(self, name: str, redis_url: str, folder: Folder, account: Account) -> None:
        super().__init__(name, redis_url, folder, account.token)
        self.account = account
        self.port = free_port()
        self.env |= {
            "POLLGUARD_MODE": "gate",
            "POLLGUARD_GATE_PORT": str(self.port),
            "POLLGUARD_QUIET": "0.3",
            "TELEGRAM_API_URL": account.standin.url,
        }

    def start(
        self,
        *bot_options: str,
        command: list[str] | None = None,
        env: Mapping[str, str] = MappingProxyType({}),
    ) -> GateGuardProcess:
        bot = [sys.executable, "-I", "-S", "-E", str(BOT), str(self.folder.path), *bot_options]
        super().start(command=command or bot, env=env)
        return self

    @property
    def bot_pid(self) -> int:
        return int(self.folder.wait_event("start", self.name)["pid"])

    def wait_active(self, within: float = 10.0) -> GateGuardProcess:
        self.account.wait_polled_by(self.name, within=within)
        return self

    def wait_standby(self) -> None:
        """It is ready to take over."""
        wait_for(lambda: self.fault() is None, what=f"{self.name} is good")

    def wait_standbys(self, *names: str) -> None:
        """It knows of these, and no others."""
        wait_for(lambda: (self.status() or {})["standbys"] == sorted(names), what=f"standbys {names}")


MakeGate = Callable[..., GateGuardProcess]


def start_pair(make_gate: MakeGate, *options: str, **env: str) -> tuple[GateGuardProcess, GateGuardProcess]:
    """An active, and a standby that is ready."""
    active = make_gate("one").start(*options, env=env).wait_active()
    standby = make_gate("two").start(*options, env=env)
    standby.wait_standby()
    active.wait_standbys("two")
    return active, standby
