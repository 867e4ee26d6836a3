#!/usr/bin/python
# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module source_archive."""

from __future__ import annotations

DOCUMENTATION = r"""
module: source_archive
short_description: Pack the folders that images are built from into one archive
version_added: 0.1.0
description:
  - Writes one gzipped tar with any number of folders and single files, to carry them to a host in one
    transfer.
  - Leaves out what a folder's C(.dockerignore) names, and the C(.dockerignore) itself, so the archive holds
    what a build may see and no secret that was kept from it.
  - Files become C(0644), or C(0755) when they can be executed, and belong to root, whatever the umask here.
  - Usually run on the controller, with C(delegate_to=localhost).
extends_documentation_fragment:
  - aisha.cluster.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: none
    details:
      - The archive is always written anew.
options:
  dest:
    description: Where the archive is written.
    type: path
    required: true
  folders:
    description: Folders to pack, absolute path by the name that each gets in the archive.
    type: dict
    default: {}
  files:
    description: Files to pack, absolute path by the name that each gets in the archive.
    type: dict
    default: {}
  exclude:
    description: >-
      What stays out of every folder, as lines of a C(.dockerignore), which are read before a folder's own.
    type: list
    elements: str
    default: []
author:
  - Aisha Cluster Contributors (@aisha)
"""

EXAMPLES = r"""
---
- name: Pack an application's source
  aisha.cluster.source_archive:
    dest: /tmp/source.tar.gz
    folders:
      app: /srv/app
    files:
      web.Dockerfile: /srv/app/docker/web.Dockerfile
    exclude: ["**/.git", "**/__pycache__"]
  delegate_to: localhost
"""

RETURN = r"""
size:
  description: Size of the archive, in bytes. V(0) in check mode.
  type: int
  returned: success
  sample: 48213
count:
  description: How many files, folders and links are in it.
  type: int
  returned: success
  sample: 212
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._images.build_context import SourceError, SourceTree, write_archive


def main() -> None:
    """Pack what the options name."""
    module = AnsibleModule(
        argument_spec={
            "dest": {"type": "path", "required": True},
            "folders": {"type": "dict", "default": {}},
            "files": {"type": "dict", "default": {}},
            "exclude": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    params = module.params
    files = {name: Path(path) for name, path in params["files"].items()}
    try:
        trees = {
            name: SourceTree.scan(Path(path), params["exclude"]) for name, path in params["folders"].items()
        }
        size = 0 if module.check_mode else write_archive(Path(params["dest"]), trees, files)
    except SourceError as error:
        module.fail_json(msg=f"Packing sources: {error}")
    count = len(files) + sum(1 + len(tree.entries) for tree in trees.values())
    module.exit_json(changed=True, size=size, count=count)


if __name__ == "__main__":
    main()
