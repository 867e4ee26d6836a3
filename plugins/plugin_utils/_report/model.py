# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a look at a cluster is made of: what each host said, and the report that comes of it.

Private to this collection. No I/O here.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from ...module_utils._instances.health import STALE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SCHEMA = 1
# From bad to worse; notes leave the verdict as it is.
SEVERITIES = ("note", "degraded", "down")
HEALTHY, DEGRADED, DOWN = "healthy", "degraded", "down"
# The modules' results by the name that they have in a look, and for people.
PARTS = {
    "instances": "containers",
    "pollers": "pollers",
    "endpoints": "services",
    "logs": "logs",
    "resources": "resources",
    "telegram": "Telegram",
    "releases": "releases",
}
# What each of them has to say, unless it failed.
_KEYS = {
    "instances": ("instances",),
    "pollers": ("pollers",),
    "endpoints": ("endpoints",),
    "logs": ("instances",),
    "resources": ("disks", "engine"),
    "telegram": ("bot", "webhook"),
    "releases": ("releases",),
}
POLLER, REPLICA, WORKER, NGINX = "bot-polling", "webhook-api", "worker", "nginx"
_COMPONENT = re.compile(rf"-({POLLER}|{REPLICA}|{WORKER}|{NGINX}|registry)(?:-[a-z0-9]+)?$")
# What Ansible puts before the words that say something.
_ANSIBLES_OWN = re.compile(r"^(?:Task failed: )?(?:Failed to connect to the host via ssh: )?")
_ORDER = (NGINX, REPLICA, POLLER, WORKER)

Item = dict[str, Any]


@dataclass(frozen=True)
class Limits:
    """What is still as it should be."""

    disk_free_pct: float = 15
    memory_available_pct: float = 10
    memory_limit_pct: float = 90
    load_per_cpu: float = 2
    certificate_days: float = 14
    backlog: int = 100
    errors: int = 100
    poll_age_s: float = 60
    restart_age_s: float = 3600


@dataclass(frozen=True)
class Wanted:
    """An instance that the inventory puts on a host."""

    name: str

    @property
    def component(self) -> str:
        """What it is an instance of, by its name."""
        found = _COMPONENT.search(self.name)
        return found[1] if found else ""


@dataclass(frozen=True)
class Look:
    """What one host said.

    Args:
        host: its name in the inventory.
        wanted: what the inventory puts on it.
        unreachable: why it couldn't be reached; None when it could.
        results: of the modules that answered, by a key of PARTS.
        failures: of those that failed, with their messages.
    """

    host: str
    wanted: tuple[Wanted, ...] = ()
    unreachable: str | None = None
    results: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Look:
        """Read what a play gathered of a host; raises ValueError when it isn't that."""
        if not isinstance(given.get("host"), str):
            raise ValueError(f"looks: expected the name of a host in each, found {sorted(given)}")
        results: dict[str, Mapping[str, Any]] = {}
        failures: dict[str, str] = {}
        unreachable = None
        for part, keys in _KEYS.items():
            result = given.get(part) or {}
            words = " ".join(str(result.get("msg") or "that it failed without a message").split())
            words = _ANSIBLES_OWN.sub("", words)
            if result.get("unreachable"):
                unreachable = unreachable or words
            elif result and not result.get("skipped"):
                if set(keys) <= set(result):
                    results[part] = result
                else:
                    failures[part] = words
        wanted = tuple(Wanted(str(name)) for name in given.get("wanted") or ())
        return cls(given["host"], wanted, unreachable, results, failures)

    def items(self, part: str, key: str = "") -> list[Item]:
        """Return the list that a module returned, or an empty one."""
        return list((self.results.get(part) or {}).get(key or part) or ())


@dataclass(frozen=True)
class Problem:
    """Something that isn't as it should be."""

    severity: str
    host: str
    subject: str
    expected: str
    found: str
    advice: str = ""

    def __str__(self) -> str:
        where = f" on {self.host}" if self.host and self.host != self.subject else ""
        advice = f" {self.advice}" if self.advice else ""
        return f"{self.subject}{where}: expected {self.expected}, found {self.found}.{advice}"


@dataclass(frozen=True)
class Row:
    """One container, as it is shown; None is unknown or doesn't apply."""

    name: str
    host: str
    component: str
    state: str
    health: str | None = None
    role: str | None = None
    severity: str | None = None
    up_s: float | None = None
    restarts: int | None = None
    memory_bytes: int | None = None
    memory_limit_bytes: int | None = None
    cpu_pct: float | None = None
    poll_age_s: float | None = None
    answer_s: float | None = None
    errors: int | None = None
    last_error: str | None = None
    image: str = ""

    @property
    def well(self) -> bool:
        """Whether its container runs, and its health check, if it has one and it runs, says nothing else."""
        return self.state == "running" and self.health in (None, "healthy", STALE)


@dataclass(frozen=True)
class HostRow:
    """One host, as it is shown."""

    host: str
    reachable: bool
    resources: Item | None = None


@dataclass(frozen=True)
class Report:
    """All that is shown and written. Documented in docs/monitor.md.

    Args:
        cluster: its name.
        at: when it was looked at, in ISO 8601.
        parts: keys of PARTS that were looked at.
        verdict: HEALTHY, DEGRADED or DOWN.
        problems: the worst first.
        limits: by which it was judged.
        telegram: what the Bot API said, of the first host that it answered.
        releases: the newest first.
    """

    cluster: str
    at: str
    parts: tuple[str, ...]
    verdict: str
    problems: tuple[Problem, ...]
    instances: tuple[Row, ...]
    hosts: tuple[HostRow, ...]
    limits: Limits = field(default_factory=Limits)
    endpoints: tuple[Item, ...] = ()
    telegram: Item | None = None
    releases: tuple[Item, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The JSON document."""
        problems = [{**asdict(each), "message": str(each)} for each in self.problems]
        return {"schema": SCHEMA, **asdict(self), "problems": problems}

    @property
    def summary(self) -> str:
        """The verdict in one line."""
        real = [each for each in self.problems if each.severity != "note"]
        notes = len(self.problems) - len(real)
        said = [
            self.verdict,
            counted(len(real), "problem") if real else "no problem",
            *([counted(notes, "note")] if notes else []),
            f"{counted(len(self.instances), 'container')} on {counted(len(self.hosts), 'host')}",
        ]
        if set(self.parts) != set(PARTS):
            said.append(f"looked at {', '.join(PARTS[part] for part in self.parts) or 'nothing'}")
        return f"{self.cluster}: {'; '.join(said)}"


def counted(number: int, noun: str) -> str:
    """Return so many of it, in words."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def in_order(rows: Sequence[Row]) -> list[Row]:
    """Sort as a request goes through them, with 10 after 9; services last."""

    def key(row: Row) -> tuple[int, list[tuple[int, str]]]:
        place = _ORDER.index(row.component) if row.component in _ORDER else len(_ORDER)
        parts = re.split(r"([0-9]+)", row.name)
        return place, [(int(part), "") if part.isdecimal() else (0, part) for part in parts]

    return sorted(rows, key=key)
