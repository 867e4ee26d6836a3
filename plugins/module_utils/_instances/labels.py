# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which containers of an engine are a cluster's instances.

Private to this collection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .slots import slot_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from .._core.docker import Engine

CLUSTER_LABEL = "aisha.cluster"
COMPONENT_LABEL = "aisha.component"
INSTANCE_COMPONENTS = ["webhook-api", "bot-polling", "worker", "nginx"]
# What isn't to run: the record of the last migration, and what keeps the poll guard's volume and image.
RESTING_COMPONENTS = ["migration", "poll-guard"]
# What an image is tried with.
TRIAL_COMPONENT = "trial"


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
