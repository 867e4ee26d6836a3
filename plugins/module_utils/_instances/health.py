# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How healthy a container is, from what an engine says of it.

Private to this collection. No I/O here.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

STALE = "stale"
# Of a health check that doesn't say: 30 s, as Docker has it.
_USUAL_S = 30.0
_SLACK_S = 30.0


def health_of(container: Mapping[str, Any], now: datetime | None = None) -> str | None:
    """Return healthy, unhealthy, starting or stale; None without a health check.

    Engines before 23.0 stop the health checks of containers that outlive them by live-restore, and go on
    reporting the last result. That is stale.

    Args:
        container: the inspection.
        now: the time by the engine's own clock; this machine's when left out.
    """
    state = container.get("State") or {}
    health = state.get("Health") or {}
    word = health.get("Status")
    if word in (None, "", "none"):
        return None
    if state.get("Status") == "running" and word in ("healthy", "unhealthy"):
        age_s = _last_check_age_s(health, now)
        if age_s is not None and age_s > _longest_s(container):
            return STALE
    return str(word)


def _last_check_age_s(health: Mapping[str, Any], now: datetime | None) -> float | None:
    log = health.get("Log") or ()
    ended = str(log[-1].get("End") or "") if log else ""
    if not ended:
        return None
    # Nanoseconds, and the engine's own time zone; hosts may have Python 3.10, which reads no nanoseconds.
    zone = ended[19:].lstrip(".0123456789").replace("Z", "+00:00")
    moment = datetime.fromisoformat(ended[:19] + zone)
    return ((now or datetime.now(timezone.utc)) - moment).total_seconds()  # noqa: UP017 - Python 3.10


def _longest_s(container: Mapping[str, Any]) -> float:
    """Seconds that may pass between the ends of two checks of a busy host."""
    check = (container.get("Config") or {}).get("Healthcheck") or {}
    return 2 * sum((check.get(name) or 0) / 1e9 or _USUAL_S for name in ("Interval", "Timeout")) + _SLACK_S
