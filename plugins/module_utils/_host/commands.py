# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host says of itself, in words of its own programs and files.

Private to this collection. What can't be had raises OSError.
"""

from __future__ import annotations

import itertools
import os
import platform
import stat
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from .resources import disk, load, memory

# Of one folder.
_MOST_ENTRIES = 50
_DEEPEST = 3
_RELEASE = Path("/etc/os-release")
_FILES = ("/etc/resolv.conf", "/etc/hosts", "/etc/docker/daemon.json")
_ENVIRONMENT = {**os.environ, "LC_ALL": "C", "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": ""}


def run_command(argv: list[str], timeout: float) -> str:
    """Return what a program prints; where it fails, its last words are the error."""
    try:
        done = subprocess.run(  # noqa: S603 - what callers name, never what they were told
            argv,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
            env=_ENVIRONMENT,
        )
    except FileNotFoundError:
        raise OSError(f"no program {argv[0]} on this host") from None
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"{argv[0]} didn't end within {timeout:g} s") from None
    # Some tell of what isn't well by their exit code.
    if done.returncode and not done.stdout.strip():
        words = " ".join(done.stderr.split()) or "nothing"
        raise OSError(f"{argv[0]} ended with exit code {done.returncode} and said: {words}")
    return done.stdout


def system() -> str:
    """Return which system this is, since when it runs, and how it resolves names."""
    lines = [" ".join(platform.uname()), f"up {Path('/proc/uptime').read_text().split()[0]} s"]
    lines.append(time.strftime("clock %Y-%m-%dT%H:%M:%SZ", time.gmtime()))
    for path in (_RELEASE, *map(Path, _FILES)):
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            text = f"({error.strerror})\n"
        lines.append(f"\n== {path}\n{text.rstrip()}")
    return "\n".join(lines) + "\n"


def resources(paths: list[str]) -> str:
    """Return memory, load, and the disks that paths are on."""
    room, busy = memory(), load()
    lines = [
        f"memory {_gib(room.available_bytes)} available of {_gib(room.total_bytes)}",
        f"load {busy.one_m} {busy.five_m} {busy.fifteen_m} on {busy.cpus} CPUs",
    ]
    for path in paths:
        one = disk(path)
        lines.append(f"disk {path} {_gib(one.free_bytes)} free of {_gib(one.total_bytes)}")
    return "\n".join(lines) + "\n"


def listing(folder: str) -> str:
    """Return what is in a folder and the upper folders in it: mode, owner, size and name, not the content."""
    root = Path(folder)
    return "\n".join([_entry(root, folder), *_below(root, root, _DEEPEST)]) + "\n"


def _below(folder: Path, root: Path, depth: int) -> list[str]:
    """The entries of a folder; of many, as an application's files may be, only some."""
    lines: list[str] = []
    paths = list(itertools.islice(folder.iterdir(), _MOST_ENTRIES + 1))
    for path in sorted(paths[:_MOST_ENTRIES]):
        with suppress(FileNotFoundError):
            lines.append(_entry(path, str(path.relative_to(root))))
            if depth > 1 and path.is_dir() and not path.is_symlink():
                lines.extend(_below(path, root, depth - 1))
    if len(paths) > _MOST_ENTRIES:
        lines.append(f"… more in {folder.relative_to(root)}")
    return lines


def _entry(path: Path, name: str) -> str:
    known = path.lstat()
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(known.st_mtime))
    return f"{stat.filemode(known.st_mode)} {known.st_uid}:{known.st_gid} {known.st_size:>12} {when} {name}"


def _gib(number: int) -> str:
    return f"{number / 2**30:.1f} GiB"
