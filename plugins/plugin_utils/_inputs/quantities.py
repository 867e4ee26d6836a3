# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sizes and durations, as the program that gets them reads them. Private to this collection. No I/O here.

Each would refuse a wrong one itself, but only when its container is replaced, after others have been.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.common.text.formatters import human_to_bytes

from .values import UnfitValue, kind_of

# An engine refuses a container with less.
_LEAST_MEMORY = 6 << 20
# What is expected, and its pattern, by the end of an input's name.
_SIZES = {
    "_body_limit": ("a size as nginx reads it, such as 20m", re.compile(r"\d+[kKmMgG]?")),
    "_log_max_size": (
        "a size as the engine reads it, such as 10m",
        re.compile(r"(?=.*[1-9])\d+(\.\d+)? ?[kKmMgGtTpP]?[iI]?[bB]?"),
    ),
    "_retention_size": (
        "a size as Prometheus reads it, such as 1GB",
        re.compile(r"0|(\d+(\.\d+)?([KMGTPE]i?)?B)+"),
    ),
}
_DURATION = re.compile(r"(\d+h)?(\d+m(?!s))?(\d+s)?(\d+ms)?(\d+us)?")
_DURATIONS = ("interval", "timeout", "start_period", "start_interval")


def check_size(name: str, value: Any) -> None:
    """Raise UnfitValue when an input that is a size, by its name, can't have this value; others may."""
    text = str(value)
    if name.endswith("_memory") and not _is_memory(text):
        raise UnfitValue("a size of memory of at least 6m, or 0 for no limit, such as 512m", repr(text))
    for end, (expected, pattern) in _SIZES.items():
        if name.endswith(end) and not pattern.fullmatch(text):
            raise UnfitValue(expected, repr(text))


def check_healthcheck(value: Mapping[str, Any]) -> None:
    """Raise UnfitValue when an engine can't have this health check; the command isn't shown."""
    if value and not value.get("test") and not value.get("test_cli_compatible"):
        raise UnfitValue("test, the command of the check, beside the other keys", "none")
    for name in _DURATIONS:
        given = value.get(name)
        if given is not None and not (isinstance(given, str) and _DURATION.fullmatch(given)):
            found = repr(str(given)) if isinstance(given, str) else f"{kind_of(given)} without a unit"
            raise UnfitValue(f"a duration such as 5s or 1m30s in {name}", found)


def _is_memory(text: str) -> bool:
    try:
        size = int(human_to_bytes(text))
    except ValueError:
        return False
    return size == 0 or size >= _LEAST_MEMORY
