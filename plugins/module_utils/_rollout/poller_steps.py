# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the steps of a rolling restart come to, and when a new active poller counts as one.

Private to this collection. No I/O here.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .._pollers.model import Poller

# A new active one is judged after so many seconds, by polls that are no older: what it did first was to go on
# with the poll that it had been held in.
LISTEN = 2.0


@dataclass
class Done:
    """One step that was carried out, with its seconds. Documented as RV(steps) of bot_rolling_restart."""

    container: str
    action: str
    role: str
    from_digest: str
    to_digest: str
    seconds: float = 0.0
    stop_s: float | None = None
    healthy_s: float | None = None
    hand_over_s: float | None = None
    gap_s: float | None = None
    message: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """What a module returns."""
        return {
            key: round(value, 3) if isinstance(value, float) else value for key, value in asdict(self).items()
        }


def hears(poller: Poller) -> bool:
    """Whether an active poller polls Telegram, and its bot polls it."""

    def fresh(age: float | None) -> bool:
        return age is not None and age <= LISTEN

    asks = poller.mode == "process" or fresh(poller.command_poll_age_s)
    return poller.role == "active" and poller.good and fresh(poller.poll_age_s) and asks


def silence(poller: Poller) -> str:
    def age(seconds: float | None) -> str:
        return "never" if seconds is None else f"{seconds:.0f} s ago"

    return (
        f"its last poll at Telegram {age(poller.poll_age_s)}, and its bot's {age(poller.command_poll_age_s)}"
    )
