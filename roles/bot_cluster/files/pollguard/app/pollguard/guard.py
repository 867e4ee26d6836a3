"""The guard, as far as both modes share it: gathers facts, asks for a decision, carries it out."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import exit_codes
from .clock import Clock, now
from .config import Settings
from .errors import SettingsError
from .lease.handover import Handover
from .lease.manager import Leasing
from .lease.model import Keys
from .lease.redis_client import Connector
from .lease.store import LeaseStore
from .policy import Action, Decision, Ending, Reason
from .process.connections import endpoints
from .process.watch import PollWatch
from .status.document import Reporter
from .status.metrics import Metrics
from .status.server import StatusServer
from .supervisor.children import Children
from .supervisor.command import Command, Work
from .supervisor.health_command import HealthWatch
from .supervisor.processes import command_environment, decoded, descendants, signal_all

log = logging.getLogger("pollguard")

_STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
_PASSED_ON = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH)
_KEEPER_KILLS_WITHIN = 0.25
_LOOK_AGAIN = 0.02
_LAST_WORDS = 0.2


@dataclass(frozen=True, slots=True)
class Launch:
    """COMMAND, what its environment has beside this one's, and its keeper: process id and socket."""

    argv: Sequence[str]
    additions: Mapping[bytes, bytes]
    keeper: tuple[int, socket.socket]


class RedisRefusedError(SettingsError):
    """Redis can be reached, but doesn't let the guard in."""

    exit_code = exit_codes.REDIS_REFUSED


class Guard(ABC):
    """One run of `pollguard run`."""

    def __init__(
        self,
        settings: Settings,
        command: Launch,
        listener: socket.socket,
        clock: Clock = now,
    ) -> None:
        margins = settings.margins
        self._settings = settings
        self._clock = clock
        self._wake = asyncio.Event()
        self._ending: Ending | None = None
        self._killed_at: float | None = None
        self._stop: signal.Signals | None = None
        self._stop_at: float | None = None
        changed = self._wake.set
        self._children = Children()
        self._command = Command(command.argv, command.additions, command.keeper, clock, changed)
        env = command_environment(command.additions)
        # A proxy that COMMAND has in gate mode leads it to anything but the Bot API.
        targets = endpoints(settings.api_url, {} if settings.gate else decoded(env))
        self._polls = PollWatch(targets, settings.poll_max_age, self._command.keeper_pid, clock, changed)
        self._health: HealthWatch | None = None
        if settings.health_command is not None:
            self._health = HealthWatch(settings.health_command, env, self._children, changed)
        self._metrics = Metrics(self._status, margins.request_timeout)
        self._store = LeaseStore(
            Connector(settings.redis, margins.request_timeout).client,
            Keys(settings.lease),
            settings.instance,
            margins,
            clock,
        )
        self._leasing = Leasing(
            self._store,
            margins,
            clock,
            changed,
            _never if settings.standby_only else self._may_take,
            is_ready=_never if settings.standby_only else self._is_ready,
            observe=self._metrics.observe_request,
            keep=settings.gate is not None and settings.gate.keep,
        )
        self._handover = Handover(settings.instance, settings.step_back, self._leasing, clock, changed)
        self._reporter = Reporter(
            settings,
            self._leasing,
            self._command,
            self._health,
            self._handover,
            clock,
            self._fault,
            self._details,
        )
        self._server = StatusServer(
            listener, {"status": self._on_status, "health": self._on_health, "handover": self._on_handover}
        )

    @abstractmethod
    def _fault(self) -> str | None:
        """One line that says what is wrong with this instance, None when it is good."""

    @abstractmethod
    def _details(self) -> dict[str, object]:
        """What the mode adds to the status."""

    @abstractmethod
    def _decide(self) -> Decision:
        """What to do next."""

    @abstractmethod
    def _may_take(self) -> bool:
        """Whether the lease may be taken when it is free."""

    @abstractmethod
    def _is_ready(self) -> bool:
        """Whether this instance counts as a standby that can take over."""

    @abstractmethod
    def _take_notice(self) -> None:
        """Pass on to the parts what others of them have learned."""

    @abstractmethod
    def _start_command(self) -> None:
        """Have the keeper start COMMAND."""

    @abstractmethod
    async def _give_up_lease(self, decision: Decision) -> None:
        """RELEASE, HAND_OVER or PAUSE."""

    def _jobs(self) -> list[Coroutine[Any, Any, None]]:
        """What runs as long as the guard does."""
        jobs = [self._leasing.run(), self._leasing.listen(), self._server.run()]
        jobs += [self._polls.run(), self._polls.resolve()]
        return [*jobs, self._health.run()] if self._health is not None else jobs

    async def run(self) -> int:
        """Until the guard is to exit; returns the exit code. Raises RedisRefusedError before COMMAND runs."""
        self._install_signals()
        self._children.watch()
        self._command.watch()
        settings = self._settings
        await self._leasing.ask()
        if self._leasing.refused:
            raise RedisRefusedError(
                f"Redis at {settings.redis} refuses the guard ({self._leasing.last_error}): check user, "
                "password, permissions and database of POLLGUARD_REDIS_URL, and rename-command in Redis' "
                "configuration"
            )
        self._metrics.serve(settings.metrics_port, settings.metrics_address)
        intent = "never takes" if settings.standby_only else "waits for"
        log.info("%s %s the lease %s at %s", settings.instance, intent, settings.lease, settings.redis)
        tasks = [asyncio.create_task(job) for job in self._jobs()]
        for task in tasks:
            task.add_done_callback(_job_ended)
        code = await self._decide_until_exit()
        # COMMAND is gone, so this may wait for Redis.
        await self._leasing.leave()
        for task in tasks:
            task.remove_done_callback(_job_ended)
            task.cancel()
        await asyncio.wait(tasks, timeout=_LAST_WORDS)
        await self._store.close()
        return code

    async def _decide_until_exit(self) -> int:
        while True:
            self._wake.clear()
            self._watch_health()
            self._take_notice()
            self._handover.look()
            self._reporter.ending = self._ending.reason if self._ending else None
            decision = self._decide()
            match decision.action:
                case Action.EXIT:
                    return decision.code
                case Action.WAIT:
                    await self._wait(decision.again_at)
                case Action.PAUSE:
                    await self._give_up_lease(decision)
                    await self._wait(decision.again_at)
                case _:
                    await self._carry_out(decision)

    def _watch_health(self) -> None:
        if self._health is not None:
            state = self._command.state
            ready_at = state.since + self._settings.start_grace
            self._health.running = state.work is Work.RUNNING and self._clock() >= ready_at

    async def _carry_out(self, decision: Decision) -> None:
        match decision:
            case Decision(Action.START):
                self._start_command()
            case Decision(Action.END, Ending() as ending):
                left = ending.limit - self._clock()
                log.info("COMMAND is to end (%s), %.1f s are left to it", ending.reason, left)
                # Once is enough: to many programs a second signal means that they shall not clean up.
                if self._ending is None and ending.reason is not Reason.EXITED:
                    self._command.signal(self._stop or self._settings.stop_signal)
                self._ending = ending
            case Decision(Action.KILL, Ending() as ending):
                log.warning("COMMAND is killed (%s)", ending.reason)
                self._ending = ending
                self._killed_at = self._clock()
                self._command.kill()
            case Decision(Action.RELEASE | Action.HAND_OVER):
                await self._give_up_lease(decision)
            case Decision(Action.DROP):
                self._leasing.drop()
            case Decision(Action.RETIRE):
                self._ending = None
                self._command.forget_code()
                self._handover.retired()
                self._leasing.poke()
        if self._command.state.work is Work.ABSENT:
            self._killed_at = None
            self._polls.reset(watching=False)

    async def _wait(self, again_at: float | None) -> None:
        if self._killed_at is not None:
            self._make_sure_of_kill(self._killed_at)
            again_at = self._clock() + _LOOK_AGAIN
        timeout = None if again_at is None else max(0.0, again_at - self._clock())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._wake.wait()

    def _make_sure_of_kill(self, killed_at: float) -> None:
        """With the keeper gone or frozen, kill everything below the guard, the keeper included."""
        if not self._command.keeper_gone and self._clock() < killed_at + _KEEPER_KILLS_WITHIN:
            return
        below = descendants(os.getpid())
        signal_all(below, signal.SIGKILL)
        self._children.reap()
        if self._command.keeper_gone and not below:
            self._command.forget()

    def _install_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in _STOPPING:
            loop.add_signal_handler(number, self._on_stop, number)
        for number in _PASSED_ON:
            loop.add_signal_handler(number, self._command.signal, number)

    def _on_stop(self, number: signal.Signals) -> None:
        log.info("%s received", number.name)
        if self._stop is not None:
            self._command.signal(number)
        self._stop = number
        self._stop_at = self._stop_at or self._clock()
        self._wake.set()

    def _status(self) -> dict[str, Any]:
        return self._reporter.status()

    async def _on_status(self, _request: dict[str, Any]) -> dict[str, Any]:
        return self._status()

    async def _on_health(self, _request: dict[str, Any]) -> dict[str, Any]:
        return {"fault": self._reporter.fault()}

    async def _on_handover(self, request: dict[str, Any]) -> dict[str, Any]:
        return (await self._handover.order(force=bool(request.get("force")))).as_dict()


def _never() -> bool:
    return False


def _job_ended(task: asyncio.Task[None]) -> None:
    # They are endless, so this is a defect. COMMAND goes first, then nothing can go wrong.
    signal_all(descendants(os.getpid()), signal.SIGKILL)
    error = None if task.cancelled() else task.exception()
    log.critical("a task of the guard ended: %s", error, exc_info=error)
    os._exit(exit_codes.INTERNAL)
