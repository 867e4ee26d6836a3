# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter host_port."""

from __future__ import annotations

DOCUMENTATION = r"""
name: host_port
short_description: Host and port as one text
version_added: 0.1.0
author: Aisha Cluster Contributors (@aisha)
description:
  - Joins a host and a port as URLs, nginx and Docker write them. A bare IPv6 address gets brackets.
positional: port
options:
  _input:
    description: Name or address of the host.
    type: str
    required: true
  port:
    description: The port. A list of ports gives a list of texts.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Show where a replica answers
  ansible.builtin.debug:
    msg: "http://{{ '2001:db8::7' | aisha.cluster.host_port(8001) }}/health"
"""

RETURN = r"""
_value:
  description: Host and port, or a list of them.
  type: raw
  sample: "[2001:db8::7]:8001"
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..module_utils._core import address

if TYPE_CHECKING:
    from collections.abc import Callable


def host_port(host: str, port: int | str | Iterable[int | str]) -> str | list[str]:
    """Return host and port, or one text for each of several ports."""
    if isinstance(port, Iterable) and not isinstance(port, str):
        return [address.host_port(str(host), each) for each in port]
    return address.host_port(str(host), port)


class FilterModule:
    """The filters of this file, for Ansible."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return each filter by its name."""
        return {"host_port": host_port}
