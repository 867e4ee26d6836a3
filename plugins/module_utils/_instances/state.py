# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the instances of a cluster are, from what an engine says of their containers.

Private to this collection. No I/O here. What is read is the Docker Engine's API,
https://docs.docker.com/reference/api/engine/version/v1.41/
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from .health import STALE, health_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_COMPONENT = "aisha.component"
# The engine's time for what never happened.
_NEVER = "0001-01-01"


@dataclass(frozen=True)
class Instance:
    """One container of the cluster. Documented as RV(instances) of instance_info."""

    name: str
    component: str
    image: str
    state: str
    health: str | None
    exit_code: int | None
    restarts: int
    age_s: float | None
    memory_limit_bytes: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """What a module returns."""
        return {**asdict(self), "problem": self.problem}

    @property
    def problem(self) -> str | None:
        """Why it isn't well, as the end of a sentence that says what was found."""
        if self.state == "restarting":
            return f"that it ends and is started again ({self.times}, exit code {self.exit_code})"
        if self.state != "running":
            ended = f", exit code {self.exit_code}" if self.exit_code is not None else ""
            return f"that it is {self.state}{ended}"
        if self.health in (None, "healthy"):
            return None
        if self.health == STALE:
            return (
                "that its health check has stopped, as when an engine before 23.0 with live-restore "
                f"restarts: run `docker pause {self.name} && docker unpause {self.name}`"
            )
        return f"that it is {self.health}"

    @property
    def times(self) -> str:
        """How often it was started again, in words."""
        return "once" if self.restarts == 1 else f"{self.restarts} times"


@dataclass(frozen=True)
class Wanted:
    """What is waited for, in seconds.

    Args:
        healthy_within: how long an instance may take to be well.
        steady_for: how long each must have run without having been started again.
    """

    healthy_within: float = 0.0
    steady_for: float = 0.0


@dataclass(frozen=True)
class Verdict:
    """How instances are by what is wanted; `waits` when more time could still make it good."""

    problems: tuple[tuple[str, str, str], ...] = ()
    waits: bool = False


def instance_of(container: Mapping[str, Any], now: datetime | None = None) -> Instance:
    """Return what an inspection says.

    Args:
        container: the inspection.
        now: the time by the engine's own clock; this machine's when left out.
    """
    state = container["State"]
    word = str(state.get("Status", "unknown"))
    running = word == "running"
    labels = container["Config"].get("Labels") or {}
    return Instance(
        name=str(container["Name"]).removeprefix("/"),
        component=str(labels.get(_COMPONENT, "")),
        image=str(container["Config"].get("Image", "")),
        state=word,
        health=health_of(container, now),
        exit_code=None if word in ("running", "paused", "created") else state.get("ExitCode"),
        restarts=int(container.get("RestartCount") or 0),
        age_s=seconds_since(str(state.get("StartedAt", _NEVER)), now) if running else None,
        memory_limit_bytes=(container.get("HostConfig") or {}).get("Memory") or None,
    )


def judge(instances: Sequence[Instance], missing: Sequence[str], wanted: Wanted, waited: float) -> Verdict:
    """Return how instances are.

    Args:
        instances: as they are.
        missing: names that were asked for and aren't there.
        wanted: what is waited for.
        waited: seconds since the first look.

    Returns:
        The problems as (name, expected, found), and whether to look again: problems that time may mend are
        told too.
    """
    problems = [(name, "a container of that name", "none") for name in missing]
    final = bool(missing)
    waits = False
    for instance in instances:
        expected = (
            f"it to be healthy within {wanted.healthy_within:g} s" if wanted.healthy_within else "it well"
        )
        alive = instance.state in ("running", "restarting")
        if alive and instance.restarts and (instance.age_s or 0.0) < wanted.steady_for:
            expected = f"it to run for {wanted.steady_for:g} s without a restart"
            found = f"that it ended and was started again {instance.times}"
            problems.append((instance.name, expected, found))
            final = True
        elif instance.problem is not None:
            problems.append((instance.name, expected, instance.problem))
            ended = instance.state in ("exited", "dead", "created", "paused")
            final = final or ended or waited >= wanted.healthy_within
        elif wanted.steady_for and (instance.age_s or 0.0) < wanted.steady_for:
            waits = True
    return Verdict(tuple(problems), not final and (waits or bool(problems)))


def seconds_since(started: str, now: datetime | None = None) -> float | None:
    """Return the age of a time as the engine writes it; None of what never happened."""
    if started.startswith(_NEVER):
        return None
    # Hosts may have Python 3.10, which reads no nanoseconds and has no datetime.UTC.
    moment = datetime.fromisoformat(started[:19]).replace(tzinfo=timezone.utc)  # noqa: UP017
    fraction = float("0" + started[19:].partition("Z")[0])
    elapsed = ((now or datetime.now(timezone.utc)) - moment).total_seconds()  # noqa: UP017
    return round(elapsed - fraction, 1)
