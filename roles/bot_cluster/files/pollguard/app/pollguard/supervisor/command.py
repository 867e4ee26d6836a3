"""The guard's side of the keeper: start, signal and watch COMMAND, without ever waiting for it."""

from __future__ import annotations

import asyncio
import logging
import marshal
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ..clock import Clock

log = logging.getLogger("pollguard.command")


class Work(Enum):
    """What there is of COMMAND."""

    ABSENT = "absent"
    RUNNING = "running"
    LEFTOVERS = "leftovers"
    """Its first process has ended, others that it started haven't."""


@dataclass(frozen=True, slots=True)
class CommandState:
    """COMMAND as the keeper reported it last."""

    work: Work = Work.ABSENT
    pid: int | None = None
    since: float = 0.0
    code: int | None = None
    """Exit code of the run that ended last; None once it has been dealt with, or when it never ran."""
    expired: bool = False
    """The keeper killed it, as the deadline passed without news from the guard."""
    starts: int = 0


class Command:
    """COMMAND `argv`, run by `keeper` (process id, socket) with `additions` to the environment; `changed` is
    called after each of the keeper's reports."""

    def __init__(
        self,
        argv: Sequence[str],
        additions: Mapping[bytes, bytes],
        keeper: tuple[int, socket.socket],
        clock: Clock,
        changed: Callable[[], None],
    ) -> None:
        self.state = CommandState()
        self.keeper_pid, self._sock = keeper
        self.keeper_gone = False
        self._argv = list(argv)
        self._additions = dict(additions)
        self._clock = clock
        self._changed = changed

    def watch(self) -> None:
        """Begin to listen to the keeper."""
        asyncio.get_running_loop().add_reader(self._sock.fileno(), self._receive)

    def start(self, deadline: float) -> None:
        """Run COMMAND, to be killed at `deadline` unless that is extended."""
        start = {"do": "start", "argv": self._argv, "additions": self._additions, "deadline": deadline}
        self._send(start)
        # Until its report arrives it must count as running: it may be.
        self.state = CommandState(Work.RUNNING, None, self._clock(), starts=self.state.starts + 1)

    def extend(self, deadline: float) -> None:
        """Let COMMAND live until `deadline`."""
        self._send({"do": "extend", "deadline": deadline})

    def signal(self, number: int) -> None:
        """Signal COMMAND's first process; when that has ended, what it left."""
        self._send({"do": "signal", "number": int(number)})

    def kill(self) -> None:
        """SIGKILL everything of COMMAND."""
        self._send({"do": "kill"})

    def forget_code(self) -> None:
        """The last run's end has been dealt with."""
        self.state = CommandState(starts=self.state.starts)

    def forget(self) -> None:
        """The guard itself has killed whatever there was."""
        self.state = CommandState(code=128 + 9, starts=self.state.starts)

    def _send(self, message: dict[str, object]) -> None:
        try:
            self._sock.send(marshal.dumps(message))
        except BlockingIOError:
            # A frozen keeper. COMMAND's own end is the guard's to bring about then.
            log.warning("the keeper doesn't read")
        except OSError:
            self._lost()

    def _receive(self) -> None:
        while not self.keeper_gone:
            try:
                packet = self._sock.recv(65536)
            except BlockingIOError:
                return
            except OSError:
                packet = b""
            if not packet:
                self._lost()
                return
            self._apply(marshal.loads(packet))  # noqa: S302 (the keeper is this very program)
            self._changed()

    def _apply(self, report: dict[str, Any]) -> None:
        state = self.state
        match report["event"]:
            case "started":
                log.info("COMMAND started, pid %d", report["pid"])
                self.state = CommandState(Work.RUNNING, report["pid"], self._clock(), starts=state.starts)
            case "exited":
                left = f", {report['leftovers']} of its processes remain" if report["leftovers"] else ""
                log.info("COMMAND ended with code %d%s", report["code"], left)
                self.state = CommandState(
                    Work.LEFTOVERS, None, state.since, report["code"], starts=state.starts
                )
            case "gone":
                code = state.code if state.code is not None else 128 + 9
                self.state = CommandState(Work.ABSENT, None, 0.0, code, report["expired"], state.starts)

    def _lost(self) -> None:
        if not self.keeper_gone:
            self.keeper_gone = True
            asyncio.get_running_loop().remove_reader(self._sock.fileno())
            self._changed()
