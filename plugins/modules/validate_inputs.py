#!/usr/bin/python
# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the action validate_inputs, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: validate_inputs
short_description: Validate what an inventory gives to roles of this collection
version_added: 0.1.0
description:
  - Compares the variables of a host with the argument specs of the roles that it is going to be deployed
    with, and fails with all that is wrong with them. It is an action, and nothing of it runs on the host.
  - It is stricter than the validation by Ansible itself, which makes text of a list and splits text at
    commas. A list is a list, whatever is counted or measured is at least 0, a port is at most 65535, and
    nothing isn't a value. A command may also be a line, which is split as a shell splits it.
  - Of tokens, passwords, keys, URLs, commands and environments no value is shown.
  - Inputs that aren't set, and those that playbooks hand to roles later, are not looked at.
extends_documentation_fragment:
  - aisha.cluster.attributes
  - aisha.cluster.attributes.info_module
options:
  roles:
    description: Names of the roles, without the collection's.
    type: list
    elements: str
    required: true
seealso:
  - module: ansible.builtin.validate_argument_spec
author:
  - Aisha Cluster Contributors (@aisha)
"""

EXAMPLES = r"""
---
- name: Validate the inputs of nginx before anything is touched
  aisha.cluster.validate_inputs:
    roles: [cluster, nginx]
"""

RETURN = r"""
faults:
  description: What is wrong, input by input.
  returned: always
  type: list
  elements: dict
  contains:
    subject: {description: Name of the input., returned: always, type: str}
    expected: {description: What was expected., returned: always, type: str}
    found: {description: What was found., returned: always, type: str}
    place: {description: File in which it is to be set., returned: always, type: str}
  sample:
    - subject: bot_cluster_pollers
      expected: a whole number of at least 0
      found: "-3"
      place: inventory/production/group_vars/all/main.yml
"""
