# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which containers of an engine are a cluster's instances.

Private to this collection.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .slots import BY_HAND, slot_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from .._core.docker import Engine

CLUSTER_LABEL = "aisha.cluster"
COMPONENT_LABEL = "aisha.component"
INSTANCE_COMPONENTS = ["webhook-api", "bot-polling", "worker", "nginx"]
# What isn't to run: the record of the last migration, and what keeps the poll guard's volume and image.
RESTING_COMPONENTS = ["migration", "poll-guard"]
# What an image is tried with.
TRIAL_COMPONENT = "trial"


def belongs(listed: Mapping[str, Any], cluster: str) -> bool:
    """Whether a container is a cluster's: made for it, or started by hand and set aside.

    A cluster whose name only begins with this one's has containers of its own.

    Args:
        listed: the container as an engine's list says.
        cluster: the cluster's name, as in the containers' label.
    """
    owner = (listed.get("Labels") or {}).get(CLUSTER_LABEL)
    return owner == cluster or is_set_aside(str(listed["Names"][0]).removeprefix("/"), cluster)


def is_set_aside(name: str, cluster: str) -> bool:
    """Whether a container was started by hand, and a cluster's instance has taken its place."""
    components = "|".join(INSTANCE_COMPONENTS)
    return re.match(rf"{re.escape(cluster)}-(?:{components})-[^-]+{BY_HAND}-", name) is not None


def instance_names(engine: Engine, cluster: str, components: Collection[str]) -> list[str]:
    """Return the names of a cluster's instances; what an update keeps or prepares beside one is none.

    Args:
        engine: the connection to it.
        cluster: its name, as in the containers' label.
        components: those whose instances are asked for.

    Raises:
        EngineError: the engine doesn't list its containers.
    """
    names = [
        str(entry["Names"][0]).removeprefix("/")
        for entry in engine.containers({CLUSTER_LABEL: cluster})
        if (entry.get("Labels") or {}).get(COMPONENT_LABEL) in components
    ]
    return sorted(name for name in names if slot_of(name) == name)
