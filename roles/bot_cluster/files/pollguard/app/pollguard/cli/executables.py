"""Whether COMMAND can be run at all: better known before the lease is taken than after."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from .. import exit_codes
from ..errors import CommandError


def check_executable(name: str, env: Mapping[str, str]) -> None:
    """Raise CommandError, with the exit code that a shell would give, when `name` can't be run here."""
    path = env.get("PATH", os.defpath)
    places = [Path(name)] if "/" in name else [Path(folder or ".") / name for folder in path.split(":")]
    present = [place for place in places if place.exists()]
    if any(place.is_file() and os.access(place, os.X_OK) for place in present):
        return
    if present:
        kind = "is a folder" if present[0].is_dir() else "is not executable"
        raise CommandError(f"COMMAND {name!r} {kind}", exit_codes.NOT_EXECUTABLE)
    where = "" if "/" in name else f" in PATH ({path})"
    raise CommandError(f"COMMAND {name!r} was not found{where}", exit_codes.NOT_FOUND)
