# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the logs of a cluster's instances from an engine, without the secrets that they were given.

Private to this collection.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .._core.docker import EngineError
from .._core.redaction import Redactor
from .labels import COMPONENT_LABEL, instance_names
from .log_lines import InstanceLog, Judge, Position, lines_of
from .state import seconds_since

if TYPE_CHECKING:
    import re
    from collections.abc import Collection, Mapping

    from .._core.docker import Engine


@dataclass
class LogReader:
    """Methods raise EngineError when the engine doesn't serve; of a single log that is its `problem`.

    Args:
        engine: the connection to it.
        cluster: its name, as in the containers' label.
        components: those whose instances are read.
        names: containers that are read in place of those.
        lines: how many of the last lines of each are read at most.
        matching: what must be found in a line.
        judge: tells the lines that tell of an error.
        content: whether the lines themselves are returned.
    """

    engine: Engine
    cluster: str
    components: Collection[str]
    names: list[str] | None
    lines: int
    matching: re.Pattern[str]
    judge: Judge
    content: bool
    _secrets: set[str] = field(default_factory=set, repr=False)

    def read(self, since: int, after: Mapping[str, Position]) -> list[InstanceLog]:
        """Read what was written since a time in seconds of the epoch, and after a position in each."""
        if self.names is not None:
            names = self.names
        else:
            names = instance_names(self.engine, self.cluster, self.components)
        found = {name: self.engine.inspect(name) for name in names}
        for container in found.values():
            # Another one's secret may be in a log too.
            self._secrets.update((container or {}).get("Config", {}).get("Env") or ())
        mask = Redactor.of(self._secrets)
        return [self._one(name, found[name], since, after.get(name, Position()), mask) for name in names]

    def _one(
        self, name: str, container: dict[str, Any] | None, since: int, position: Position, mask: Redactor
    ) -> InstanceLog:
        if container is None:
            return InstanceLog(name, None, position=str(position), problem="no such container")
        labels = container["Config"].get("Labels") or {}
        log = InstanceLog(name, labels.get(COMPONENT_LABEL), position=str(position))
        try:
            said = self.engine.log(name, since=since, lines=self.lines, timestamps=True)
        except EngineError as error:
            return replace(log, problem=str(mask(error.found)))
        everything = lines_of(said)
        fresh = position.after(everything)
        lines = [replace(line, text=str(mask(line.text))) for line in fresh]
        told = [line for line in lines if self.matching.search(line.text)]
        return replace(
            log.told(told, self.judge, seconds_since, content=self.content),
            cut=len(fresh) >= self.lines,
            position=str(position.moved(fresh)),
        )
