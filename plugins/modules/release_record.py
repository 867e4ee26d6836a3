#!/usr/bin/python
# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module release_record."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_record
short_description: Record what is deployed as a release of a cluster
version_added: 0.1.0
description:
  - Keeps the releases of a cluster on one of its hosts, a file each, and which of them is the current one.
  - A record is written as a whole or not at all.
extends_documentation_fragment:
  - aisha.cluster.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  home:
    description: Folder on the host, in which C(releases) is made.
    type: path
    required: true
  state:
    description:
      - V(present) makes a new release the current one, unless the current one has the same images.
      - V(pruned) removes the records before the last O(keep).
    type: str
    choices: [present, pruned]
    default: present
  images:
    description: The images of the release, component to reference by digest. Required for O(state=present).
    type: dict
  name:
    description: Name of the release. Empty is its number.
    type: str
    default: ""
  owner:
    description: Who deployed it.
    type: str
    default: ""
  action:
    description: What deployed it.
    type: str
    default: ""
  source:
    description: What it was built from.
    type: str
    default: ""
  migrations_reversible:
    description: Whether the release before it can run on the database as this one's migrations have left it.
    type: bool
    default: true
  rolled_back_from:
    description: Number of the release that was left to go back to this one.
    type: int
    default: 0
  keep:
    description: How many records are kept, the current one included.
    type: int
    default: 5
author:
  - Aisha Cluster Contributors (@aisha)
seealso:
  - module: aisha.cluster.release_info
"""

EXAMPLES = r"""
---
- name: Record a release
  aisha.cluster.release_record:
    home: /opt/aisha
    name: 1.4.0
    images:
      bot: localhost:5000/aisha-bot@sha256:1f0a4c2f7a4b0f0f3c8a6d9d9f1f5a53c2a1d2b8f4b0a9f6d1c7e3b5a2d4c6e8
    source: https://git.example.com/bot.git 5f0c2d1
"""

RETURN = r"""
record:
  description: >-
    The record of the release that is the current one, or would be if it weren't for check mode. Empty for
    none.
  returned: success
  type: dict
  sample:
    number: 5
    name: 1.4.0
    images:
      bot: localhost:5000/aisha-bot@sha256:1f0a4c2f7a4b0f0f3c8a6d9d9f1f5a53c2a1d2b8f4b0a9f6d1c7e3b5a2d4c6e8
    at: "2026-11-24T09:02:11.512+00:00"
    by: ann@ops
    source: https://git.example.com/bot.git 5f0c2d1
    action: rolling_update
    migrations_reversible: true
    rolled_back_from: 0
"""

import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._release.lock import iso
from ..module_utils._release.records import Release, forget, load, store
from ..module_utils._release.store import Files, FilesError, pretty


def record(params: dict[str, Any], files: Files, *, check: bool) -> dict[str, Any]:
    """Write the next release if it is another than the current one."""
    wanted = Release(
        number=0,
        name=params["name"],
        images={str(name): str(image) for name, image in params["images"].items()},
        at=iso(time.time()),
        by=params["owner"],
        source=params["source"],
        action=params["action"],
        migrations_reversible=params["migrations_reversible"],
        rolled_back_from=params["rolled_back_from"],
    )
    with files.alone(make=not check):
        releases = load(files)
        before = releases.current
        new = releases.next(wanted)
        if new is not None and not check:
            store(files, new)
    after = new or before
    texts = [pretty(one.as_dict()) if one else "" for one in (before, after)]
    return {
        "changed": new is not None,
        "record": after.as_dict() if after else {},
        "diff": {"before": texts[0], "after": texts[1]},
    }


def prune(params: dict[str, Any], files: Files, *, check: bool) -> dict[str, Any]:
    """Remove the records before the kept ones."""
    with files.alone(make=False):
        releases = load(files)
        dropped = releases.dropped(params["keep"])
        if not check:
            forget(files, dropped)
    lists = ["".join(f"{one}\n" for one in some) for some in (releases.all, releases.kept(params["keep"]))]
    return {
        "changed": bool(dropped),
        "record": releases.current.as_dict() if releases.current else {},
        "diff": {"before": lists[0], "after": lists[1]},
    }


def main() -> None:
    """Do what the options ask for."""
    spec: dict[str, dict[str, Any]] = {
        "home": {"type": "path", "required": True},
        "state": {"type": "str", "choices": ["present", "pruned"], "default": "present"},
        "images": {"type": "dict"},
        "name": {"type": "str", "default": ""},
        "owner": {"type": "str", "default": ""},
        "action": {"type": "str", "default": ""},
        "source": {"type": "str", "default": ""},
        "migrations_reversible": {"type": "bool", "default": True},
        "rolled_back_from": {"type": "int", "default": 0},
        "keep": {"type": "int", "default": 5},
    }
    module = AnsibleModule(
        argument_spec=spec, required_if=[("state", "present", ("images",))], supports_check_mode=True
    )
    params = module.params
    if params["keep"] < 1:
        module.fail_json(msg=f"Option keep: expected 1 or more, found {params['keep']}.")
    act = record if params["state"] == "present" else prune
    try:
        result = act(params, Files(params["home"]), check=module.check_mode)
    except FilesError as error:
        module.fail_json(msg=f"Releases: {error}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
