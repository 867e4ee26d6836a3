# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sizes and times as people read them.

Private to this collection. No I/O here.
"""

from __future__ import annotations

_UNITS = (("TiB", 2**40), ("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10))
_TIMES = (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1))


def size(count: float) -> str:
    """Return a number of bytes, such as "1.6 GiB"."""
    for unit, factor in _UNITS:
        if count >= factor:
            value = count / factor
            return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"
    return f"{count:.0f} B"


def duration(seconds: float) -> str:
    """Return a time, such as "3 h 12 min"."""
    if seconds < 10:
        return f"{round(seconds, 1):g} s"
    whole = round(seconds)
    for unit, factor, smaller, small in _TIMES:
        if whole >= factor:
            rest = whole % factor // small
            return f"{whole // factor} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{whole} s"


def percent(part: float, whole: float) -> float:
    """Return what part it is, from 0 to 100."""
    return min(100.0, max(0.0, part / whole * 100)) if whole > 0 else 0.0
