# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The containers of one engine as they are replaced: looked at, stopped, moved from place to place.

Private to this collection. A container is never removed before the one that takes its place is good, but
where an older one, the last that was known to be good, is still kept.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from .._core.docker import EngineError
from .._core.redaction import Redactor
from .._instances.slots import NEXT, PREVIOUS, STOPPED
from .errors import NotAsExpected

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._core.docker import Engine

# Seconds between two looks.
PAUSE = 0.25
# A container that the engine had to start again so often isn't waited for any longer.
MOST_RESTARTS = 3
_LAST_LINES = 20
_DEFAULT_STOP_TIMEOUT = 10


class Containers:
    """Methods raise EngineError when the engine doesn't serve, NotAsExpected for a container that is gone.

    Args:
        engine: the connection to it.
        stop_timeout: seconds that a container has to end; without it, its own.
        secrets: ``NAME=value`` lines that are masked, beside those of every container that is looked at.
    """

    def __init__(self, engine: Engine, stop_timeout: int | None, secrets: Iterable[str] = ()) -> None:
        self.engine = engine
        self._stop_timeout = stop_timeout
        self._secrets = set(secrets)

    def mask(self, value: Any) -> Any:
        """Mask the secrets of all containers that were looked at, and those that were given."""
        return Redactor.of(self._secrets)(value)

    def find(self, name: str) -> dict[str, Any] | None:
        """Return all about a container, or None when there is no such container."""
        container = self.engine.inspect(name)
        if container is not None:
            self._secrets.update(container["Config"].get("Env") or ())
        return container

    def inspect(self, name: str) -> dict[str, Any]:
        container = self.find(name)
        if container is None:
            raise NotAsExpected("no such container")
        return container

    def exists(self, name: str) -> bool:
        return self.engine.inspect(name) is not None

    def stop(self, name: str) -> float:
        """Stop a container within its time; returns the seconds that it took."""
        began = time.monotonic()
        own = self.inspect(name)["Config"].get("StopTimeout") or _DEFAULT_STOP_TIMEOUT
        self.engine.stop(name, own if self._stop_timeout is None else self._stop_timeout)
        return time.monotonic() - began

    def remove(self, name: str) -> None:
        """Remove a container; one that runs, as after a restart of the engine, is stopped in order first."""
        container = self.find(name)
        if container is None:
            return
        if container["State"]["Status"] not in STOPPED:
            self.stop(name)
        self.engine.remove(name)

    def leave(self, name: str) -> None:
        """Have a stopped container make room; where a previous one is kept already, that one stays it."""
        if self.exists(name + PREVIOUS):
            self.engine.remove(name)
        else:
            self.engine.rename(name, name + PREVIOUS)

    def enter(self, name: str) -> None:
        """Give the next container its place."""
        self.engine.rename(name + NEXT, name)

    def make_room(self, name: str) -> None:
        """Give the previous container its place again, whatever is in it; none where there is no previous."""
        if self.exists(name + PREVIOUS):
            self.remove(name)
            self.engine.rename(name + PREVIOUS, name)

    def last_lines(self, name: str) -> str:
        """Return the end of a container's log in one line, without secrets; empty when it can't be read."""
        try:
            said = self.engine.log(name, since=1, lines=_LAST_LINES)
        except EngineError:
            return ""
        return str(self.mask(" / ".join(line.strip() for line in said.splitlines() if line.strip())))[-2000:]


def words_of(error: NotAsExpected | EngineError) -> str:
    """What was found, of either."""
    return str(error) if isinstance(error, NotAsExpected) else error.found
