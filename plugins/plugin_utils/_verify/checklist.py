# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checklist after a deployment, ticked by what modules returned. No I/O here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...module_utils._core.findings import Check
from . import cluster as whole
from . import host as each

if TYPE_CHECKING:
    from .inputs import Cluster


def checklist(seen: Cluster) -> list[tuple[str, Check]]:
    """Return every line of the checklist with its host."""
    reached = {name: host for name, host in seen.hosts.items() if host is not None}
    expected, found = "to reach it over SSH", "that it can't be reached"
    lines = [
        (name, Check("host", name, "failed", expected, found, "Run preflight.yml."))
        for name in seen.hosts
        if name not in reached
    ]
    lines += [(seen.keeper, check) for check in whole.release(seen)]
    images = whole.images(seen.release)
    lines += [
        (name, check)
        for name, host in reached.items()
        for check in (*each.instances(host, images), *each.traffic(host), *each.services(host))
    ]
    for part in (whole.pollers, whole.bot, whole.answers, whole.alerts):
        lines += [(seen.keeper, check) for check in part(seen)]
    return lines + [(name, check) for name, host in reached.items() for check in each.logs(host)]
