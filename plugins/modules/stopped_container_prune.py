#!/usr/bin/python
# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module stopped_container_prune."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stopped_container_prune
short_description: Remove the stopped containers that a cluster needs no more
version_added: 0.1.0
description:
  - Removes containers that carry the cluster's label, don't run, and are no part of it any more, such as
    trials of images, and what an update has left behind. Others are never touched, and neither are volumes.
  - An instance or a service that is stopped in its place is kept and named, as is what was started by hand
    before the cluster took over.
extends_documentation_fragment:
  - aisha.cluster.attributes
  - aisha.cluster.docker
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  cluster_name:
    description: Name of the cluster, as in the label C(aisha.cluster) of its containers.
    type: str
    default: aisha
  unfinished_update:
    description: >-
      Whether an update hasn't come to its end. Then what it has kept or prepared beside an instance stays,
      and so does that instance.
    type: bool
    default: false
seealso:
  - module: aisha.cluster.engine_image_prune
author:
  - Aisha Cluster Contributors (@aisha)
"""

EXAMPLES = r"""
---
- name: Remove what doesn't run
  aisha.cluster.stopped_container_prune:
"""

RETURN = r"""
removed:
  description: Containers that were removed, or would have been if it weren't for check mode.
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: "Its name.", returned: always, type: str}
    state: {description: "The engine's word for it, such as V(exited).", returned: always, type: str}
  sample:
    - {name: aisha-webhook-api-trial, state: exited}
kept:
  description: Stopped containers of the cluster that stay.
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: "Its name.", returned: always, type: str}
    state: {description: "The engine's word for it.", returned: always, type: str}
    reason: {description: "Why it stays.", returned: always, type: str}
  sample:
    - {name: aisha-worker-1-by-hand-1f0a4c, state: exited,
       reason: "it was started by hand; when you need it no longer: docker rm aisha-worker-1-by-hand-1f0a4c"}
freed_bytes:
  description: >-
    What the removed containers have written themselves, without their logs. V(none) where that isn't known.
  returned: success
  type: int
  sample: 28311552
"""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._core.docker import REQUIRED_TOGETHER, EngineError, argument_spec, connector
from ..module_utils._instances.stopped import leftovers

if TYPE_CHECKING:
    from ..module_utils._core.docker import Engine


def written(engine: Engine) -> dict[str, int]:
    """Bytes that each container has written, by its id; empty when the engine doesn't tell."""
    with suppress(EngineError):
        return {str(one["Id"]): int(one.get("SizeRw") or 0) for one in engine.about("df")["Containers"] or ()}
    return {}


def main() -> None:
    """Look, decide, and remove."""
    spec: dict[str, dict[str, Any]] = {
        "cluster_name": {"type": "str", "default": "aisha"},
        "unfinished_update": {"type": "bool", "default": False},
        **argument_spec(),
    }
    module = AnsibleModule(argument_spec=spec, required_together=REQUIRED_TOGETHER, supports_check_mode=True)
    params = module.params
    try:
        engine = connector(params)()
        found = leftovers(
            engine.containers({}), params["cluster_name"], unfinished_update=params["unfinished_update"]
        )
        going = [one for one in found if not one.reason]
        sizes = written(engine) if going else {}
        if not module.check_mode:
            going = [one for one in going if engine.remove_stopped(one.id)]
    except EngineError as error:
        module.fail_json(msg=str(error), failure=error.as_failure(), exception=error.details or None)
    before = "".join(f"{one.name}\n" for one in found)
    after = "".join(f"{one.name}\n" for one in found if one not in going)
    known = all(one.id in sizes for one in going)
    module.exit_json(
        changed=bool(going),
        removed=[{"name": one.name, "state": one.state} for one in going],
        kept=[{"name": one.name, "state": one.state, "reason": one.reason} for one in found if one.reason],
        freed_bytes=sum(sizes[one.id] for one in going) if known else None,
        diff={"before": before, "after": after},
    )


if __name__ == "__main__":
    main()
