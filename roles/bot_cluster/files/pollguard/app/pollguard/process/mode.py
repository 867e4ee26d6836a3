"""Process mode: COMMAND runs only while the lease is held."""

from __future__ import annotations

import socket

from ..address import host_port
from ..clock import Clock, now
from ..config import Settings
from ..guard import Guard, Launch
from ..policy import Decision, Ending, Reason
from ..supervisor.command import Work
from .health import Sight, deaf_for, fault
from .policy import Facts, Limits, decide, may_take


class ProcessGuard(Guard):
    """See policy.py for the rules."""

    def __init__(
        self,
        settings: Settings,
        command: Launch,
        listener: socket.socket,
        clock: Clock = now,
    ) -> None:
        super().__init__(settings, command, listener, clock)
        self._limits = Limits(settings.stop_timeout, settings.leftover_grace)

    def _decide(self) -> Decision:
        return decide(self._facts(), self._settings.margins, self._limits, self._clock())

    def _may_take(self) -> bool:
        return may_take(self._facts())

    def _is_ready(self) -> bool:
        return True

    def _take_notice(self) -> None:
        state, tenure = self._command.state, self._leasing.tenure
        if tenure is not None and state.work is not Work.ABSENT:
            self._command.extend(self._settings.margins.kill_at(tenure.renewed_at))
        if state.expired and self._ending is None:
            self._ending = Ending(Reason.LEASE, self._clock())

    def _start_command(self) -> None:
        if self._leasing.tenure is not None:
            self._polls.reset(watching=True)
            self._command.start(self._settings.margins.kill_at(self._leasing.tenure.renewed_at))

    async def _give_up_lease(self, decision: Decision) -> None:
        await self._leasing.release()
        self._handover.released()

    def _facts(self) -> Facts:
        state, tenure = self._command.state, self._leasing.tenure
        return Facts(
            renewed_at=tenure.renewed_at if tenure else None,
            work=state.work,
            code=state.code if state.work is Work.ABSENT else None,
            ending=self._ending,
            killing=self._killed_at is not None,
            stop=self._stop is not None,
            handover=self._handover.wanted_at is not None,
            stepping_back=self._handover.stepping_back,
            deaf=0 < self._settings.deaf_after < deaf_for(self._sight()),
            unhealthy=self._health is not None and self._health.failed,
            keeper_gone=self._command.keeper_gone,
        )

    def _sight(self) -> Sight:
        settings, state = self._settings, self._command.state
        return Sight(
            store=self._reporter.store_sight(),
            holds_lease=self._leasing.active,
            command_since=state.since if state.work is not Work.ABSENT else None,
            ending=self._ending.reason if self._ending else None,
            poll_seen_at=self._polls.seen_at,
            blind=self._polls.blind,
            poll_max_age=settings.poll_max_age,
            start_grace=settings.start_grace,
            health_failures=self._health.failures if self._health else 0,
        )

    def _fault(self) -> str | None:
        return fault(self._sight())

    def _details(self) -> dict[str, object]:
        return {
            "mode": "process",
            "poll_age_s": self._reporter.age(self._polls.seen_at),
            "poll_targets": [host_port(host, port) for host, port in self._polls.targets],
        }
