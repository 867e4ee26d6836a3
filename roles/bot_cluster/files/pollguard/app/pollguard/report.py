"""What the guard tells about itself: for `status`, `health` and the metrics."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from . import __version__
from .clock import Clock
from .command import Command, Work
from .decisions import Reason
from .handover import Handover
from .health import Sight, fault
from .leasing import Leasing
from .settings import Settings
from .watch import HealthWatch, PollWatch


class Reporter:
    """Reads the guard's parts; changes nothing, so any thread may ask."""

    def __init__(
        self,
        settings: Settings,
        leasing: Leasing,
        command: Command,
        polls: PollWatch,
        health: HealthWatch | None,
        handover: Handover,
        clock: Clock,
    ) -> None:
        self.ending: Reason | None = None
        self._settings = settings
        self._leasing = leasing
        self._command = command
        self._polls = polls
        self._health = health
        self._handover = handover
        self._clock = clock

    def sight(self) -> Sight:
        """What health is judged by."""
        settings, leasing, state = self._settings, self._leasing, self._command.state
        now, tenure, answer = self._clock(), leasing.tenure, leasing.answer
        return Sight(
            now=now,
            ttl=settings.margins.ttl,
            renew=settings.margins.renew,
            holds_lease=tenure is not None and now < settings.margins.deadline(tenure.renewed_at),
            command_since=state.since if state.work is not Work.ABSENT else None,
            ending=self.ending,
            poll_seen_at=self._polls.seen_at,
            blind=self._polls.blind,
            poll_max_age=settings.poll_max_age,
            start_grace=settings.start_grace,
            health_failures=self._health.failures if self._health else 0,
            answered_at=answer.at if answer else None,
            holder=answer.holder if answer else "",
            free_since=leasing.free_since,
            last_error=leasing.last_error,
        )

    def fault(self) -> str | None:
        """One line, or None when this instance is good."""
        return fault(self.sight())

    def status(self) -> dict[str, Any]:
        """Everything, ready for JSON. Ages and durations are seconds; None is unknown or not applicable."""
        settings, leasing, state = self._settings, self._leasing, self._command.state
        sight, answer, tenure = self.sight(), leasing.answer, leasing.tenure
        now, trouble = sight.now, fault(sight)
        if tenure is not None:
            left = settings.margins.deadline(tenure.renewed_at) - now
        else:
            left = answer.at + answer.left - now if answer and answer.holder else 0.0
        return {
            "instance": settings.instance,
            "mode": "process",
            "role": "active" if tenure is not None else "standby",
            "since": datetime.fromtimestamp(leasing.role_since, UTC).isoformat(timespec="milliseconds"),
            "good": trouble is None,
            "fault": trouble,
            "lease": settings.lease,
            "holder": answer.holder if answer else "",
            "active": tenure is not None,
            "epoch": answer.epoch if answer and answer.holder else None,
            "time_left_s": round(max(0.0, left), 3),
            "standbys": sorted(answer.standbys) if answer else [],
            "stepping_back": self._handover.stepping_back,
            "command_pid": state.pid,
            "command_age_s": _age(now, sight.command_since),
            "command_ending": self.ending,
            "poll_age_s": _age(now, sight.poll_seen_at),
            "poll_targets": [f"{host}:{port}" for host, port in self._polls.targets],
            "health_failures": sight.health_failures,
            "redis": str(settings.redis),
            "redis_age_s": _age(now, sight.answered_at),
            "redis_errors": leasing.errors,
            "last_error": leasing.last_error,
            "takes": leasing.takes,
            "starts": state.starts,
            "handovers": self._handover.done,
            "version": __version__,
        }


def _age(now: float, then: float | None) -> float | None:
    return None if then is None else round(max(0.0, now - then), 3)
