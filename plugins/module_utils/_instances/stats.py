# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What containers use of their host's memory and processors.

Private to this collection. What is read is the Docker Engine's API,
https://docs.docker.com/reference/api/engine/version/v1.41/
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING, Any

from .._core.docker import EngineError
from .._core.parallel import run_parallel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .._core.docker import Engine

# Seconds between the two looks that tell how much time a processor has spent. Some engines look once a second
# themselves, and take that long to answer.
_BETWEEN = 0.25
# The engine's time for what never happened.
_NEVER = "0001-01-01"
# Pages of files that the kernel gives back when memory is needed: in cgroup v1 with all below it, and in v2.
_CACHES = ("total_inactive_file", "inactive_file")


@dataclass(frozen=True)
class Use:
    """What one container uses; None is unknown.

    Args:
        memory_bytes: memory that it couldn't do without.
        cpu_pct: time of processors, where 100 is all the time of one.
    """

    memory_bytes: int | None = None
    cpu_pct: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """What a module returns."""
        return asdict(self)


def use_of(first: Mapping[str, Any], second: Mapping[str, Any]) -> Use:
    """Return what two answers of the engine amount to, by the times at which it has read its counters."""
    # Of a container that has ended, and where it can't read the host's control groups, an engine tells zeros.
    ended = _moment(second)
    if ended is None:
        return Use()
    memory = second.get("memory_stats") or {}
    used = memory.get("usage")
    if used is not None:
        details = memory.get("stats") or {}
        used = max(0, int(used) - next((int(details[name]) for name in _CACHES if name in details), 0))
    began, before, after = _moment(first), _spent(first), _spent(second)
    if began is None or before is None or after is None or ended <= began:
        return Use(used)
    return Use(used, round(max(0, after - before) / ((ended - began) * 1e9) * 100, 1))


def uses_of(connect: Callable[[], Engine], names: Sequence[str], timeout: float) -> dict[str, Use]:
    """Ask for several containers at the same time; what isn't known within so many seconds is left out."""

    def ask(name: str) -> Use:
        try:
            engine = connect()
            first = engine.stats(name)
            time.sleep(_BETWEEN)
            second = engine.stats(name)
        except EngineError:
            return Use()
        return use_of(first, second)

    answers = run_parallel({name: partial(ask, name) for name in names}, timeout)
    return {name: answer for name, answer in answers.items() if isinstance(answer, Use)}


def _moment(stats: Mapping[str, Any]) -> float | None:
    """When the engine read its counters, in seconds; None of what it has never read."""
    read = str(stats.get("read", _NEVER))
    if read.startswith(_NEVER):
        return None
    # Hosts may have Python 3.10, which reads no nanoseconds and has no datetime.UTC.
    moment = datetime.fromisoformat(read[:19]).replace(tzinfo=timezone.utc)  # noqa: UP017
    return moment.timestamp() + float("0" + read[19:].partition("Z")[0])


def _spent(stats: Mapping[str, Any]) -> int | None:
    """Nanoseconds of processors that were spent so far."""
    total = ((stats.get("cpu_stats") or {}).get("cpu_usage") or {}).get("total_usage")
    return None if total is None else int(total)
