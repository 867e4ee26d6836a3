# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module whose invocation stays out of the host's journal.

Private to this collection.
"""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import AnsibleModule


class QuietModule(AnsibleModule):  # type: ignore[misc] # ansible-core has no types
    """For secrets inside lists and dictionaries.

    Ansible logs those as Python's text of the whole option, and hides a secret in it only where that text
    has the secret unchanged: not one with a quotation mark, a backslash or a line end. ``no_log`` of the
    constructor doesn't help: Ansible overwrites it with the task's.
    """

    def log(self, msg: str, log_args: dict[str, Any] | None = None) -> None:
        """Log nothing."""
