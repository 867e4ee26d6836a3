# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter nonlocal_bind."""

from __future__ import annotations

DOCUMENTATION = r"""
name: nonlocal_bind
short_description: Kernel settings for addresses that come up after the engine
version_added: 0.1.0
author: Aisha Cluster Contributors (@aisha)
description:
  - Returns the kernel settings that let the engine publish containers at an address that the host doesn't
    have yet, such as a private network's that comes up later at boot. Otherwise these containers stay down.
  - Returns none where all ports are published at loopback addresses or at all addresses.
options:
  _input:
    description: Container specs. Their C(ports) are as in Docker's option C(--publish).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the kernel settings of a replica
  ansible.builtin.debug:
    msg: "{{ [{'ports': ['10.0.0.5:8001:8001']}] | aisha.cluster.nonlocal_bind }}"
"""

RETURN = r"""
_value:
  description: Values of the settings by their names.
  type: dict
  sample:
    net.ipv4.ip_nonlocal_bind: "1"
"""

from typing import TYPE_CHECKING

from ..plugin_utils._nonlocal_bind import nonlocal_bind

if TYPE_CHECKING:
    from collections.abc import Callable


class FilterModule:
    """The filters of this file, for Ansible."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return each filter by its name."""
        return {"nonlocal_bind": nonlocal_bind}
