"""What Linux offers beyond Python 3.11's `os`: prctl, and what /proc has of processes."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
from collections.abc import Iterable, Mapping

OWN_PREFIX = b"POLLGUARD_"
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NAME = 15
_PR_SET_CHILD_SUBREAPER = 36

_libc = ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, argument: int | bytes) -> None:
    if _libc.prctl(option, argument if isinstance(argument, bytes) else ctypes.c_ulong(argument), 0, 0, 0):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def die_with_parent() -> None:
    """SIGKILL this process when the thread that forked it ends."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends, as PID 1 is anyway."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def set_name(name: str) -> None:
    """The name that `ps -o comm` shows, at most 15 characters."""
    with contextlib.suppress(OSError):
        _prctl(_PR_SET_NAME, name.encode()[:15])


def hide_environment() -> None:
    """Keep this process's environment and memory, and those of what it forks, from others of its user.

    Read `original_environment` first: a hidden process that isn't root's can't open its own.
    """
    with contextlib.suppress(OSError):
        _prctl(_PR_SET_DUMPABLE, 0)


_original: dict[bytes, bytes] = {}


def original_environment() -> dict[bytes, bytes]:
    """The environment that this process was given, as read once.

    Not os.environb: the interpreter itself adds LC_CTYPE to that under the C locale.
    """
    if not _original:
        try:
            with open("/proc/self/environ", "rb") as file:  # noqa: PTH123 (no pathlib on the way to `health`)
                block = file.read()
        except OSError:
            return dict(os.environb)
        pairs = (entry.partition(b"=") for entry in block.split(b"\0") if b"=" in entry)
        _original.update((name, value) for name, _separator, value in pairs)
    return dict(_original)


def decoded(env: Mapping[bytes, bytes]) -> dict[str, str]:
    """An environment as text."""
    return {os.fsdecode(name): os.fsdecode(value) for name, value in env.items()}


def command_environment(additions: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
    """COMMAND's environment: this process's own without the guard's settings, and what is added to it."""
    given = original_environment()
    return {name: value for name, value in given.items() if not name.startswith(OWN_PREFIX)} | {**additions}


def descendants(root: int) -> list[int]:
    """Every living process below `root`, zombies left out, nearest first."""
    children: dict[int, list[int]] = {}
    zombies: set[int] = set()
    for name in os.listdir("/proc"):  # noqa: PTH208
        if not name.isdecimal():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue  # it has just ended
        children.setdefault(int(fields[1]), []).append(int(name))
        if fields[0] in (b"Z", b"X"):
            zombies.add(int(name))
    found: list[int] = []
    front = [root]
    while front:
        front = [child for parent in front for child in children.get(parent, ())]
        found += [pid for pid in front if pid not in zombies]
    return found


def signal_all(pids: Iterable[int], number: int) -> None:
    """Send a signal to each that still exists."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def exit_code_of(status: int) -> int:
    """The exit code of a wait status; 128 + n for signal n."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code
