# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which stopped containers of a cluster are needed no more.

Private to this collection. No I/O here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .labels import COMPONENT_LABEL, RESTING_COMPONENTS, TRIAL_COMPONENT, belongs, is_set_aside
from .slots import STOPPED, slot_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True)
class Leftover:
    """One stopped container.

    Args:
        id: by which the engine knows it.
        name: its name.
        state: the engine's word, such as exited.
        reason: why it is kept; empty when it goes.
    """

    id: str
    name: str
    state: str
    reason: str = ""


def leftovers(
    listed: Iterable[Mapping[str, Any]], cluster: str, *, unfinished_update: bool
) -> list[Leftover]:
    """Return a cluster's stopped containers, by name, without those that aren't to run.

    Args:
        listed: all containers, as an engine's list says.
        cluster: its name, as in the containers' label.
        unfinished_update: whether an update hasn't come to its end.
    """
    named = {str(entry["Names"][0]).removeprefix("/"): entry for entry in listed}
    own = {name: entry for name, entry in named.items() if belongs(entry, cluster)}
    # Of a place with two containers an update may want either, whichever of them is stopped.
    contested = {slot_of(name) for name in own if slot_of(name) != name}
    found = []
    for name, entry in sorted(own.items()):
        component = (entry.get("Labels") or {}).get(COMPONENT_LABEL)
        if entry["State"] not in STOPPED or component in RESTING_COMPONENTS:
            continue
        reason = ""
        passes = component in (None, TRIAL_COMPONENT) or slot_of(name) != name
        if is_set_aside(name, cluster):
            reason = f"it was started by hand; when you need it no longer: docker rm {name}"
        elif unfinished_update and slot_of(name) in contested:
            reason = "an update that hasn't ended may need it; run that again first"
        elif not passes:
            reason = f"it is a part of the cluster; site.yml, or docker start {name}, starts it again"
        found.append(Leftover(str(entry["Id"]), name, str(entry["State"]), reason))
    return found
