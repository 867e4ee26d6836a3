# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What isn't as it should be with a cluster's hosts, in words.

Private to this collection. No I/O here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .format import size
from .model import Limits, Look, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

_PRUNE = "To remove what no release needs, run diagnose.yml --tags prune."


def host_problems(look: Look, limits: Limits) -> Iterator[Problem]:
    """Tell what isn't as it should be with the host itself."""
    resources = look.results.get("resources")
    if resources is None:
        return
    host = look.host
    for disk in resources["disks"]:
        least = disk["total_bytes"] * limits.disk_free_pct / 100
        if disk["free_bytes"] < least:
            expected = f"{limits.disk_free_pct:g} % free on the disk of {disk['path']}"
            found = f"{size(disk['free_bytes'])} of {size(disk['total_bytes'])}"
            yield Problem("degraded", host, host, expected, found, _PRUNE)
    memory, load = resources["memory"], resources["load"]
    if memory and memory["available_bytes"] < memory["total_bytes"] * limits.memory_available_pct / 100:
        expected = f"{limits.memory_available_pct:g} % of its memory to be available"
        found = f"{size(memory['available_bytes'])} of {size(memory['total_bytes'])}"
        yield Problem("degraded", host, host, expected, found, "See what uses it: top, on the host.")
    if load and load["five_m"] > load["cpus"] * limits.load_per_cpu:
        expected = f"a load of at most {limits.load_per_cpu:g} for each of {load['cpus']} processors"
        found = f"{load['five_m']:g} over five minutes"
        yield Problem("degraded", host, host, expected, found, "See what runs: top, on the host.")
    if resources["engine"]["problem"]:
        found = resources["engine"]["problem"].rstrip(".")
        yield Problem("degraded", host, host, "a Docker engine that answers", found)
    for problem in resources["problems"]:
        yield Problem("note", host, host, "to read all about it", problem)
