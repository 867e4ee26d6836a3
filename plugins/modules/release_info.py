#!/usr/bin/python
# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module release_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_info
short_description: Tell the releases of a cluster, and find the one to go back to
version_added: 0.1.0
description:
  - Reads the records that M(aisha.cluster.release_record) keeps on a host.
extends_documentation_fragment:
  - aisha.cluster.attributes
  - aisha.cluster.attributes.info_module
options:
  home:
    description: Folder on the host, in which there is C(releases).
    type: path
    required: true
  find:
    description:
      - A release to find, by its number or name; the newest of that name.
      - Empty finds the one before the current. Where the current one was itself gone back to, that is the one
        before it as it was first deployed.
      - Without it nothing is looked for. What isn't there is a failure.
    type: str
  force:
    description: Whether O(find) takes one from before migrations that can't be undone.
    type: bool
    default: false
  keep:
    description: How many of the last releases count as kept, the current one included.
    type: int
    default: 5
author:
  - Aisha Cluster Contributors (@aisha)
seealso:
  - module: aisha.cluster.release_record
"""

EXAMPLES = r"""
---
- name: Find the release before the current one
  aisha.cluster.release_info:
    home: /opt/aisha
    find: ""
  register: release
"""

RETURN = r"""
releases:
  description: All records, oldest first, as M(aisha.cluster.release_record) returns one.
  returned: success
  type: list
  elements: dict
current:
  description: Record of the current release. Empty when there is none.
  returned: success
  type: dict
found:
  description: Record of the release that was looked for. Empty when none was.
  returned: success
  type: dict
dropped:
  description: Numbers of the releases before the kept ones.
  returned: success
  type: list
  elements: int
  sample: [1, 2]
kept_images:
  description: References of all images of the kept releases.
  returned: success
  type: list
  elements: str
repositories:
  description: What the references of all releases name, without their digests.
  returned: success
  type: list
  elements: str
  sample: ["localhost:5000/aisha-bot", "localhost:5000/aisha-webhook"]
dropped_images:
  description: References of the images of the other releases that no kept one has.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._images.retention import repository_of
from ..module_utils._release.records import ReleaseError, images_of, load
from ..module_utils._release.store import Files, FilesError


def main() -> None:
    """Read, and find what the options name."""
    spec: dict[str, dict[str, Any]] = {
        "home": {"type": "path", "required": True},
        "find": {"type": "str"},
        "force": {"type": "bool", "default": False},
        "keep": {"type": "int", "default": 5},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    params = module.params
    if params["keep"] < 1:
        module.fail_json(msg=f"Option keep: expected 1 or more, found {params['keep']}.")
    files = Files(params["home"])
    try:
        with files.alone(make=False):
            releases = load(files)
        found = None
        if params["find"] is not None:
            found = releases.find(params["find"].strip(), force=params["force"])
    except FilesError as error:
        module.fail_json(msg=f"Releases: {error}")
    except ReleaseError as error:
        module.fail_json(msg=f"Releases in {params['home']}: {error}.")
    kept = images_of(releases.kept(params["keep"]))
    dropped = releases.dropped(params["keep"])
    module.exit_json(
        changed=False,
        releases=[one.as_dict() for one in releases.all],
        current=releases.current.as_dict() if releases.current else {},
        found=found.as_dict() if found else {},
        dropped=[one.number for one in dropped],
        kept_images=kept,
        repositories=sorted({*map(repository_of, images_of(releases.all))}),
        dropped_images=[image for image in images_of(dropped) if image not in kept],
    )


if __name__ == "__main__":
    main()
