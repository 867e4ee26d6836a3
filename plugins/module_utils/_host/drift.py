# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a host's files, kernel settings and engine configuration differ from their desired state.

Private to this collection. It reads, and changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import stat
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_PROC_SYS = "/proc/sys"
_IPV6_ADDRESSES = "/proc/net/if_inet6"


@dataclass(frozen=True)
class Change:
    """One thing that a run would change. Documented as RV(changes) of host_plan."""

    kind: str
    subject: str
    reason: str
    component: str = ""

    def as_dict(self) -> dict[str, str]:
        """The same for programs to read."""
        return asdict(self)


def folder_changes(folders: Iterable[Mapping[str, Any]]) -> Iterator[Change]:
    """Yield what differs of folders, each with its path and mode, owned by root."""
    for folder in folders:
        path = Path(folder["path"])
        reason = "missing" if not path.is_dir() else _access(path, folder["mode"])
        if reason:
            yield Change("folder", str(path), reason)


def file_changes(files: Iterable[Mapping[str, Any]]) -> Iterator[Change]:
    """Yield what differs of files, each with its path and, where these matter, mode and SHA-256."""
    for file in files:
        path = Path(file["path"])
        reason: str | None
        if not path.is_file():
            reason = "missing"
        elif file.get("sha256") and hashlib.sha256(path.read_bytes()).hexdigest() != file["sha256"]:
            reason = "content"
        else:
            reason = _access(path, file.get("mode"))
        if reason:
            yield Change("file", str(path), reason)


def leftover_files(folders: Iterable[str]) -> Iterator[Change]:
    """Yield the files of folders that ought to be empty."""
    for folder in map(Path, folders):
        if folder.is_dir():
            for path in sorted(folder.iterdir()):
                yield Change("file", str(path), "left over")


def unwanted_files(paths: Iterable[str]) -> Iterator[Change]:
    """Yield the files that ought not to be there."""
    for path in paths:
        if Path(path).exists():
            yield Change("file", path, "left over")


def sysctl_changes(settings: Mapping[str, Any], root: str = _PROC_SYS) -> Iterator[Change]:
    """Yield the kernel settings that have another value; one that the kernel doesn't have is none."""
    for name, value in settings.items():
        path = Path(root, *name.split("."))
        if path.is_file() and path.read_text().split() != str(value).split():
            yield Change("sysctl", name, "value")


def has_ipv6(addresses: str = _IPV6_ADDRESSES) -> bool:
    """Whether the kernel has IPv6, so that a program can listen on it."""
    return Path(addresses).exists()


def daemon_changes(path: str, config: Mapping[str, Any], info: Mapping[str, Any]) -> Iterator[Change]:
    """Yield what differs of the engine's configuration.

    Args:
        path: its file.
        config: what has to be in it.
        info: what the engine says of itself; it lags behind its file after an interruption between the two.
    """
    if not config:
        return
    try:
        text = Path(path).read_text(encoding="utf-8").strip()
        actual = json.loads(text or "{}")
    except (OSError, ValueError):
        yield Change("engine", path, "missing or unreadable")
        return
    if not _contains(actual, config):
        yield Change("engine", path, "content")
    registries = info.get("RegistryConfig") or {}
    mirrors = {url.rstrip("/") for url in registries.get("Mirrors") or ()}
    # Networks, which have a slash, are listed elsewhere and in another form.
    insecure = {name for name in actual.get("insecure-registries") or () if "/" not in name}
    wanted_mirrors = {url.rstrip("/") for url in actual.get("registry-mirrors") or ()}
    lives = bool(info.get("LiveRestoreEnabled"))
    if (
        wanted_mirrors - mirrors
        or insecure - set(registries.get("IndexConfigs") or ())
        or actual.get("live-restore", lives) != lives
    ):
        yield Change("engine", path, "not loaded")


def _access(path: Path, mode: str | None) -> str | None:
    """What differs of who may use it; None when nothing does, or no mode is asked for."""
    if mode is None:
        return None
    found = path.stat()
    if (found.st_uid, found.st_gid) != (0, 0):
        return "owner"
    return None if stat.S_IMODE(found.st_mode) == int(mode, 8) else "mode"


def _contains(actual: Any, desired: Any) -> bool:
    if isinstance(desired, dict):
        return isinstance(actual, dict) and all(
            name in actual and _contains(actual[name], value) for name, value in desired.items()
        )
    if isinstance(desired, list):
        return isinstance(actual, list) and all(value in actual for value in desired)
    return bool(actual == desired)
