# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the containers of a slot are named while one replaces another.

Private to this collection. No I/O here.
"""

from __future__ import annotations

# Names of a container that had to make room, and of one that isn't in its place yet. A container's labels
# can't be changed, so it is by these names that neither counts as an instance.
PREVIOUS = "-previous"
NEXT = "-next"
# One that was started by hand, without this collection, and that an instance has taken the place of.
BY_HAND = "-by-hand"

# What a container may be in, and be stopped from, without anybody's work being lost.
STOPPED = ("created", "exited", "dead")


def slot_of(name: str) -> str:
    """The name of the place to which a container belongs."""
    for suffix in (PREVIOUS, NEXT):
        if name.endswith(suffix):
            return name[: -len(suffix)]
    return name
