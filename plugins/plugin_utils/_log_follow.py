# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How lines of several logs are shown together on a terminal.

Private to this collection. No I/O here.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..module_utils._instances.log_lines import Line, lines_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Colours, and whatever else would have the terminal do something.
_SEQUENCES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Shown:
    """One line and the instance that wrote it."""

    instance: str
    line: Line

    def text(self, host: str) -> str:
        """As it is shown: the time of day in UTC, who, and what."""
        said = _CONTROLS.sub("?", _SEQUENCES.sub("", self.line.text))
        return f"{self.line.at[11:23]} {host}/{self.instance} | {said}"


def in_order(instances: Iterable[Mapping[str, Any]], most: int) -> list[Shown]:
    """Return the lines of what instance_log_info returns, at most so many last ones of each, by time."""
    shown: list[Shown] = []
    for one in instances:
        last = deque(lines_of(str(one.get("content") or "")), maxlen=most)
        shown += [Shown(str(one["name"]), line) for line in last]
    return sorted(shown, key=lambda each: each.line.at)


def notes(instances: Iterable[Mapping[str, Any]], host: str) -> list[str]:
    """What the lines don't tell: logs that can't be read."""
    return [
        f"{host}/{one['name']}: its log can't be read: {one['problem']}"
        for one in instances
        if one.get("problem")
    ]
