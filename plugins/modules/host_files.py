#!/usr/bin/python
# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module host_files."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_files
short_description: Write the folders and files of a part of the cluster
version_added: 0.1.0
description:
  - Brings all folders and files of a part to their desired state in one call, in the order in which they are
    given. All of them belong to root.
  - A file is written aside and moved into its place, so nobody sees half of one. Where it can be validated,
    it is before, in a container of the image that reads it; no C(docker) command is needed on the host.
  - What reads a file that has changed is told to reload, once, when all files are written. A container that
    does not run is left alone, since it reads the file when it starts.
extends_documentation_fragment:
  - aisha.cluster.attributes
  - aisha.cluster.docker
attributes:
  check_mode:
    support: full
    details: Files are not validated in check mode.
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  folders:
    description: Folders, made with those above them.
    type: list
    elements: dict
    default: []
    suboptions:
      path: {description: "Where it is.", type: path, required: true}
      mode: {description: "Its mode, such as V(0755).", type: str, required: true}
  files:
    description: Files.
    type: list
    elements: dict
    default: []
    suboptions:
      path: {description: "Where it is.", type: path, required: true}
      content:
        description: Its content. Without it the file has to be there, and only who may use it is changed.
        type: str
      mode: {description: "Its mode.", type: str, default: "0644"}
      keep:
        description: Whether a file that is there keeps the content that it has.
        type: bool
        default: false
      secret:
        description: Whether its content is left out of the diff.
        type: bool
        default: false
      validate:
        description: How its content is validated before it is in its place.
        type: dict
        suboptions:
          image:
            description: Image of the container. It is pulled where it is missing.
            type: str
            required: true
          command:
            description: What is run in it, the program first. Exit code 0 says that the file is valid.
            type: list
            elements: str
            required: true
          target: {description: "Where the file is in the container.", type: str, required: true}
          mounts:
            description: Folders of the host that it needs, with where they are in the container.
            type: dict
            default: {}
      reload:
        description: What reads it, and is told when it has changed.
        type: dict
        suboptions:
          container: {description: "Name of the container.", type: str, required: true}
          command:
            description: What is run in it. Without a command its main process gets C(SIGHUP).
            type: list
            elements: str
            default: []
seealso:
  - module: aisha.cluster.host_plan
author:
  - Aisha Cluster Contributors (@aisha)
"""

EXAMPLES = r"""
---
- name: Write the relay's configuration
  aisha.cluster.host_files:
    folders:
      - {path: /opt/aisha/monitoring/relay, mode: "0755"}
    files:
      - path: /opt/aisha/monitoring/relay/nginx.conf
        content: "{{ lookup('ansible.builtin.template', 'relay.conf.j2') }}"
        validate:
          image: nginx:1.22
          command: [nginx, -t, -q, -c, /checked.conf]
          target: /checked.conf
        reload:
          container: aisha-metrics-relay
"""

RETURN = r"""
changes:
  description: Folders and files that have changed, in the order in which they were given.
  returned: success
  type: list
  elements: dict
  contains:
    path: {description: "Where it is.", returned: always, type: str}
    kind: {description: "V(folder), V(file), or V(access) of one that is else as it should be.", type: str}
    before:
      description: Content that a file had. Empty where there was none, and for a secret.
      returned: always
      type: str
reloaded:
  description: Containers that were told to reload.
  returned: success
  type: list
  elements: str
  sample: [aisha-nginx-prod]
"""

from ..module_utils._core.docker import REQUIRED_TOGETHER, Engine, EngineError, argument_spec, connector
from ..module_utils._core.quiet_module import QuietModule
from ..module_utils._host.files import FileError, HostFiles


def main() -> None:
    """Write what differs, and have it reloaded."""
    path, text = {"type": "path", "required": True}, {"type": "str", "required": True}
    words = {"type": "list", "elements": "str"}
    folder = {"path": path, "mode": text}
    file = {
        "path": path,
        "content": {"type": "str", "no_log": True},
        "mode": {"type": "str", "default": "0644"},
        "keep": {"type": "bool", "default": False},
        "secret": {"type": "bool", "default": False, "no_log": False},
        "validate": {
            "type": "dict",
            "options": {
                "image": text,
                "command": {**words, "required": True},
                "target": text,
                "mounts": {"type": "dict", "default": {}},
            },
        },
        "reload": {"type": "dict", "options": {"container": text, "command": {**words, "default": []}}},
    }
    module = QuietModule(
        argument_spec={
            **argument_spec(),
            "folders": {"type": "list", "elements": "dict", "default": [], "options": folder},
            "files": {"type": "list", "elements": "dict", "default": [], "options": file},
        },
        required_together=REQUIRED_TOGETHER,
        supports_check_mode=True,
    )

    def connect() -> Engine:
        # Only when it is needed: a bare host has neither an engine nor its library.
        return connector(module.params)()

    files = HostFiles(module, connect)
    try:
        for each in module.params["folders"]:
            files.bring_folder(each["path"], each["mode"])
        for each in module.params["files"]:
            files.bring_file(each)
        reloaded = files.reload()
    except FileError as error:
        module.fail_json(msg=str(error))
    except EngineError as error:
        module.fail_json(msg=str(error), failure=error.as_failure())
    module.exit_json(changed=bool(files.changes), changes=files.changes, reloaded=reloaded)


if __name__ == "__main__":
    main()
