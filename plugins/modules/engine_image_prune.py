#!/usr/bin/python
# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module engine_image_prune."""

from __future__ import annotations

DOCUMENTATION = r"""
module: engine_image_prune
short_description: Remove from a Docker engine the images that no kept release has
version_added: 0.1.0
description:
  - Takes the names in some repositories from all images but those that are to be kept and those that a
    container uses, a stopped one too. An image goes with its last name.
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
  repositories:
    description: Repositories that names are taken from, with the registry's name. Others are left alone.
    type: list
    elements: str
    required: true
  keep:
    description: References by digest of the images to keep.
    type: list
    elements: str
    required: true
  measure:
    description: Whether RV(freed_bytes) is measured, which may take the engine some seconds.
    type: bool
    default: false
author:
  - Aisha Cluster Contributors (@aisha)
seealso:
  - module: aisha.cluster.registry_image_prune
"""

EXAMPLES = r"""
---
- name: Keep what the last releases have
  aisha.cluster.engine_image_prune:
    repositories: ["localhost:5000/aisha-bot"]
    keep:
      - localhost:5000/aisha-bot@sha256:1f0a4c2f7a4b0f0f3c8a6d9d9f1f5a53c2a1d2b8f4b0a9f6d1c7e3b5a2d4c6e8
"""

RETURN = r"""
removed:
  description: Names that were taken, or would have been if it weren't for check mode.
  returned: success
  type: list
  elements: str
  sample: ["localhost:5000/aisha-bot:1.3.0"]
in_use:
  description: References by digest, in these repositories, of the images that containers use.
  returned: success
  type: list
  elements: str
  sample: ["localhost:5000/aisha-bot@sha256:1f0a4c2f7a4b0f0f3c8a6d9d9f1f5a53c2a1d2b8f4b0a9f6d1c7e3b5a2d4c6e8"]
freed_bytes:
  description:
    - How much less the engine's images take. V(none) where the engine doesn't tell, and in check mode when
      there is something to remove, since images share what they are made of.
  returned: O(measure=true)
  type: int
  sample: 734003200
"""

from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._core.docker import REQUIRED_TOGETHER, EngineError, argument_spec, connector
from ..module_utils._images.retention import EngineImage, engine_surplus, in_use

if TYPE_CHECKING:
    from ..module_utils._core.docker import Engine


def taken_by_images(engine: Engine) -> int | None:
    """How many bytes the layers of all images take."""
    size = engine.about("df").get("LayersSize")
    return None if size is None else int(size)


def main() -> None:
    """Look, decide, and remove."""
    spec: dict[str, dict[str, Any]] = {
        "repositories": {"type": "list", "elements": "str", "required": True},
        "keep": {"type": "list", "elements": "str", "required": True},
        "measure": {"type": "bool", "default": False},
        **argument_spec(),
    }
    module = AnsibleModule(argument_spec=spec, required_together=REQUIRED_TOGETHER, supports_check_mode=True)
    repositories = set(module.params["repositories"])
    try:
        engine = connector(module.params)()
        # Containers first: one that is made from now on is of an image that is to be kept.
        used = {container["ImageID"] for container in engine.containers({})}
        images = [EngineImage.read(listed) for listed in engine.images()]
        surplus = engine_surplus(images, repositories, module.params["keep"], used)
        removed = surplus
        measures = module.params["measure"] and bool(surplus)
        freed = None if measures else 0
        if not module.check_mode:
            before = taken_by_images(engine) if measures else None
            removed = [name for name in surplus if engine.remove_image(name)]
            if before is not None:
                freed = before - (taken_by_images(engine) or 0)
    except EngineError as error:
        module.fail_json(msg=str(error), failure=error.as_failure(), exception=error.details or None)
    names = sorted(name for image in images for name in image.names_in(repositories))
    left = [name for name in names if name not in removed]
    module.exit_json(
        changed=bool(removed),
        removed=removed,
        in_use=in_use(images, repositories, used),
        **({"freed_bytes": freed} if module.params["measure"] else {}),
        diff={"before": "\n".join([*names, ""]), "after": "\n".join([*left, ""])},
    )


if __name__ == "__main__":
    main()
