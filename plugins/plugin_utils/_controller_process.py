# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The process of ansible-playbook that a plugin works for, and whether another one has ended.

Private to this collection, and for the controller. Stands on Linux' /proc; elsewhere no process is ever
said to have ended.
"""

from __future__ import annotations

import getpass
import multiprocessing
import os
import socket
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_ZOMBIE = "Z"


@dataclass(frozen=True)
class ControllerRun:
    """One process of ansible-playbook.

    Args:
        system: boot and process namespace, within which a process number means one thing; empty when unknown.
        pid: number of the process.
        started: when it started, in the kernel's ticks since boot; tells it from a later one of that number.
    """

    system: str
    pid: int
    started: str

    def __str__(self) -> str:
        return f"{self.system}/{self.pid}/{self.started}"

    @classmethod
    def parse(cls, text: str) -> ControllerRun | None:
        """Read what str() wrote; None for anything else."""
        system, _slash, rest = text.partition("/")
        pid, _slash, started = rest.partition("/")
        return cls(system, int(pid), started) if pid.isdecimal() and started else None


def this_run(proc: Path = _PROC) -> ControllerRun:
    """The process that this one is, or is a worker of."""
    parent = multiprocessing.parent_process()
    pid = os.getpid() if parent is None or parent.pid is None else parent.pid
    _state, started = _look(pid, proc)
    # Without /proc two machines are told apart by their names, and runs on them by their numbers.
    return ControllerRun(_system(proc) or socket.gethostname(), pid, started or "0")


def has_ended(text: str, proc: Path = _PROC) -> bool:
    """Whether a run, as str() wrote it, was on this machine and certainly runs no more."""
    run = ControllerRun.parse(text)
    system = _system(proc)
    if run is None or not system or run.system != system:
        return False
    state, started = _look(run.pid, proc)
    return started != run.started or state == _ZOMBIE


def owner() -> str:
    """User and name of this machine."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError, ImportError):  # A user without a name, as in many containers.
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def _system(proc: Path) -> str:
    try:
        boot = (proc / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        # Each AWX job has a namespace of its own, in which the numbers are the same as in others.
        namespace = os.readlink(proc / "self/ns/pid")  # noqa: PTH115 - its target is no path
    except (OSError, ValueError):
        return ""
    return f"{boot}.{''.join(filter(str.isdecimal, namespace))}"


def _look(pid: int, proc: Path) -> tuple[str, str]:
    """State and start of a process; both empty when there is none."""
    try:
        line = (proc / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "", ""
    # The name before them, in brackets, may hold anything.
    fields = line.rpartition(")")[2].split()
    return (fields[0], fields[19]) if len(fields) > 19 else ("", "")
