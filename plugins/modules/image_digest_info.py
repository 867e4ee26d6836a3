#!/usr/bin/python
# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module image_digest_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: image_digest_info
short_description: Tell the digests of images in a registry
version_added: 0.1.0
description:
  - Asks a registry for the digest of each image, all of them in one task.
  - Pulls nothing and needs no engine. An image that isn't there is no failure.
extends_documentation_fragment:
  - aisha.cluster.attributes
  - aisha.cluster.attributes.info_module
options:
  registry_url:
    description: Address of the registry, without C(/v2).
    type: str
    required: true
  images:
    description: Images as C(repository:tag) or C(repository@digest), without the registry's name.
    type: list
    elements: str
    required: true
  timeout:
    description: Seconds that one request may take.
    type: int
    default: 10
author:
  - Aisha Cluster Contributors (@aisha)
"""

EXAMPLES = r"""
---
- name: See which images of a release are there
  aisha.cluster.image_digest_info:
    registry_url: http://localhost:5000
    images: ["aisha-bot:1.4.0", "aisha-webhook:1.4.0"]
  register: release
"""

RETURN = r"""
digests:
  description: Digest of each image that the registry has, by the name that was asked for.
  returned: success
  type: dict
  sample:
    aisha-bot:1.4.0: sha256:1f0a4c2f7a4b0f0f3c8a6d9d9f1f5a53c2a1d2b8f4b0a9f6d1c7e3b5a2d4c6e8
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._images.registry_client import Registry, RegistryError


def digest(registry: Registry, image: str) -> str | None:
    """Return the digest of ``repository:tag`` or ``repository@digest``, or None when it isn't there.

    Raises RegistryError when the registry doesn't answer, or with anything but the image or 404.
    """
    repository, _at, wanted = image.rpartition("@" if "@" in image else ":")
    return registry.digest(repository, wanted)


def main() -> None:
    """Ask for each image that the options name."""
    spec: dict[str, dict[str, Any]] = {
        "registry_url": {"type": "str", "required": True},
        "images": {"type": "list", "elements": "str", "required": True},
        "timeout": {"type": "int", "default": 10},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    wanted = module.params["images"]
    for image in wanted:
        if not all(image.rpartition(":")):
            module.fail_json(msg=f"images: expected repository:tag or repository@digest, found {image}")
    digests: dict[str, str] = {}
    registry = Registry(module.params["registry_url"], module.params["timeout"])
    try:
        for image in wanted:
            found = digest(registry, image)
            if found:
                digests[image] = found
    except RegistryError as error:
        module.fail_json(msg=f"Registry {module.params['registry_url']}: {error}")
    module.exit_json(changed=False, digests=digests)


if __name__ == "__main__":
    main()
