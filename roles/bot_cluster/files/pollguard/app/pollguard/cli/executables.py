"""Whether COMMAND can be run at all: better known before the lease is taken than after."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from .. import exit_codes
from ..errors import CommandError

_SYSTEM_INIT = ("systemd", "init")


def check_executable(name: str, env: Mapping[str, str]) -> None:
    """Raise CommandError, with the exit code that a shell would give, when `name` can't be run here."""
    path = env.get("PATH", os.defpath)
    places = [Path(name)] if "/" in name else [Path(folder or ".") / name for folder in path.split(":")]
    present = [place for place in places if place.exists()]
    for place in present:
        if place.is_file() and os.access(place, os.X_OK):
            _check_init(name, place)
            return
    if present:
        kind = "is a folder" if present[0].is_dir() else "is not executable"
        raise CommandError(f"COMMAND {name!r} {kind}", exit_codes.NOT_EXECUTABLE)
    where = "" if "/" in name else f" in PATH ({path})"
    raise CommandError(f"COMMAND {name!r} was not found{where}", exit_codes.NOT_FOUND)


def _check_init(name: str, place: Path) -> None:
    """Refuse an init system: it wants to be process 1, which the guard is, and its own error isn't clear."""
    if _is_s6(place):
        kind = "the init of s6-overlay"
    elif place.resolve().name in _SYSTEM_INIT and place.parent.name in ("sbin", "bin", "systemd"):
        kind = "an init system"
    else:
        return
    raise CommandError(
        f"COMMAND {name!r} is {kind}, which runs only as process 1, and that is the guard. Set "
        "bot_cluster_poller_entrypoint to [], and bot_cluster_poller_command to the program that it starts",
        exit_codes.NOT_EXECUTABLE,
    )


def _is_s6(place: Path) -> bool:
    """Of any version: each starts programs of its own by names with s6 in them."""
    if place.name != "init":
        return False
    try:
        with place.open("rb") as file:
            start = file.read(4096)
    except OSError:
        return False
    return start.startswith(b"#!") and b"s6" in start
