"""What the guard tells about itself: for `status`, `health` and the metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from .. import __version__
from ..clock import Clock
from ..config import Settings
from ..health import StoreSight
from ..lease.handover import Handover
from ..lease.manager import Leasing
from ..policy import Reason
from ..supervisor.command import Command, Work
from ..supervisor.health_command import HealthWatch


class Reporter:
    """Reads the guard's parts; changes nothing, so any thread may ask."""

    def __init__(
        self,
        settings: Settings,
        leasing: Leasing,
        command: Command,
        health: HealthWatch | None,
        handover: Handover,
        clock: Clock,
        fault: Callable[[], str | None],
        details: Callable[[], Mapping[str, object]],
    ) -> None:
        self.ending: Reason | None = None
        self.fault = fault
        """One line, or None when this instance is good."""
        self._settings = settings
        self._leasing = leasing
        self._command = command
        self._health = health
        self._handover = handover
        self._clock = clock
        self._details = details

    def age(self, then: float | None) -> float | None:
        """Seconds since then, on the guard's clock."""
        return None if then is None else round(max(0.0, self._clock() - then), 3)

    def store_sight(self) -> StoreSight:
        """The lease, as health sees it."""
        margins, leasing = self._settings.margins, self._leasing
        answer = leasing.answer
        return StoreSight(
            now=self._clock(),
            ttl=margins.ttl,
            renew=margins.renew,
            answered_at=answer.at if answer else None,
            holder=answer.holder if answer else "",
            # A trial can't take it, and may run before there is any poller.
            free_since=None if self._settings.standby_only else leasing.free_since,
            last_error=leasing.last_error,
        )

    def status(self) -> dict[str, Any]:
        """Everything, ready for JSON. Ages and durations are seconds; None is unknown or not applicable."""
        settings, leasing, state = self._settings, self._leasing, self._command.state
        answer, tenure, now = leasing.answer, leasing.tenure, self._clock()
        trouble = self.fault()
        if tenure is not None:
            left = settings.margins.deadline(tenure.renewed_at) - now
        else:
            left = answer.at + answer.left - now if answer and answer.holder else 0.0
        return {
            "instance": settings.instance,
            "role": "active" if leasing.active else "standby",
            "standby_only": settings.standby_only,
            "since": datetime.fromtimestamp(leasing.role_since, UTC).isoformat(timespec="milliseconds"),
            "good": trouble is None,
            "fault": trouble,
            "lease": settings.lease,
            "holder": answer.holder if answer else "",
            "active": leasing.active,
            "epoch": answer.epoch if answer and answer.holder else None,
            "time_left_s": round(max(0.0, left), 3),
            "standbys": sorted(answer.standbys) if answer else [],
            "stepping_back": self._handover.stepping_back,
            "command_pid": state.pid,
            "command_age_s": self.age(state.since) if state.work is not Work.ABSENT else None,
            "command_ending": self.ending,
            "health_failures": self._health.failures if self._health else 0,
            "redis": str(settings.redis),
            "redis_age_s": self.age(answer.at) if answer else None,
            "redis_errors": leasing.errors,
            "last_error": leasing.last_error,
            "takes": leasing.takes,
            "starts": state.starts,
            "handovers": self._handover.done,
            **self._details(),
            "version": __version__,
        }
