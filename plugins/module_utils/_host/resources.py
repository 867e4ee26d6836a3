# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Memory, disks and load of the machine that this runs on, as Linux tells them.

Private to this collection. What can't be read raises OSError or ValueError.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_MEMINFO = Path("/proc/meminfo")


@dataclass(frozen=True)
class Memory:
    """What the machine has, and what programs could still get without swapping."""

    total_bytes: int
    available_bytes: int


@dataclass(frozen=True)
class Disk:
    """The file system that a path is on.

    Args:
        path: as it was asked for.
        total_bytes: its size.
        free_bytes: what an ordinary user may still write.
        device: number of the file system; the same for all paths on it.
    """

    path: str
    total_bytes: int
    free_bytes: int
    device: int


@dataclass(frozen=True)
class Load:
    """How many processes wanted to run, on average, and how many can at once."""

    one_m: float
    five_m: float
    fifteen_m: float
    cpus: int


def memory() -> Memory:
    """Return the machine's memory."""
    lines = _MEMINFO.read_text(encoding="ascii").splitlines()
    values = dict(line.partition(":")[::2] for line in lines)
    return Memory(_kibibytes(values, "MemTotal"), _kibibytes(values, "MemAvailable"))


def disk(path: str) -> Disk:
    """Return the file system that a path is on, or would be on once it is made."""
    there = Path(path).absolute()
    while not there.exists() and there != there.parent:
        there = there.parent
    found = os.statvfs(there)
    return Disk(
        path=path,
        total_bytes=found.f_blocks * found.f_frsize,
        free_bytes=found.f_bavail * found.f_frsize,
        device=there.stat().st_dev,
    )


def load() -> Load:
    """Return how busy the machine is."""
    one, five, fifteen = (round(value, 2) for value in os.getloadavg())
    return Load(one, five, fifteen, cpus=os.cpu_count() or 1)


def _kibibytes(values: dict[str, str], name: str) -> int:
    number, _space, unit = values.get(name, "").strip().partition(" ")
    if not number.isdecimal() or unit != "kB":
        raise ValueError(f"{_MEMINFO}: expected {name} in kB, found {values.get(name)!r}")
    return int(number) * 1024
