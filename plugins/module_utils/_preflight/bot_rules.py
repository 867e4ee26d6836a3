# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the Bot API and the pollers say before a deployment, as checks.

Private to this collection. No I/O here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._core.findings import Check
from .._telegram.client import ADVICE, BotApiError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._pollers.model import Poller

# So many updates wait when nobody takes them; a bot that polls takes 100 at once.
MANY_UPDATES = 100
# An active poller that polled so many seconds ago is one that polls.
_POLLS = 60.0


def refused(error: BotApiError) -> Check:
    """A token that can't be used, or a Bot API that can't be reached."""
    return Check("bot_token", error.subject, "failed", error.expected, error.found, ADVICE[error.reason])


def identity_check(bot: Mapping[str, Any]) -> Check:
    """Whose token it is."""
    name = _name(bot)
    return Check("bot_token", name, "passed", "a token that can be used", f"it is {name}'s")


def webhook_check(bot: Mapping[str, Any], webhook: Mapping[str, Any]) -> Check:
    """Whether the bot can be polled."""
    expected, url = "no webhook, since the bot polls", str(webhook.get("url") or "")
    if url:
        advice = "While it is set, polls are refused with 409. Take it off with the Bot API's deleteWebhook."
        return Check("bot_webhook", _name(bot), "failed", expected, url, advice)
    return Check("bot_webhook", _name(bot), "passed", expected, "none")


def _name(bot: Mapping[str, Any]) -> str:
    return f"@{bot.get('username', bot.get('id'))}"


def waiting_check(waiting: int, pollers: Sequence[Poller]) -> Check:
    """Whether updates pile up at Telegram.

    Args:
        waiting: how many wait now.
        pollers: of this host, whose guards have counted them a moment ago.
    """
    active = next((one for one in pollers if one.role == "active"), None)
    before = active.backlog if active is not None and active.backlog is not None else None
    polls = active is not None and active.poll_age_s is not None and active.poll_age_s < _POLLS
    expected = f"fewer than {MANY_UPDATES}"
    if waiting < MANY_UPDATES:
        return Check("waiting_updates", "", "passed", expected, str(waiting))
    if active is None:
        advice = "They are answered once the bot polls; none is lost within 24 h."
        return Check("waiting_updates", "", "warned", expected, str(waiting), advice)
    if polls and before is not None and waiting > before:
        found = f"{waiting}, and {before} a moment before, though {active.name} polls"
        advice = f"Its handlers are too slow, or stuck: look at `docker logs {active.name}`."
        return Check("waiting_updates", "", "warned", expected, found, advice)
    advice = f"Look whether they become fewer, and at `docker logs {active.name}`."
    return Check("waiting_updates", "", "warned", expected, str(waiting), advice)


def stranger_checks(pollers: Sequence[Poller], recent_s: float) -> list[Check]:
    """Whether somebody else polls with the same token, as the guards have seen it.

    Args:
        pollers: of this host.
        recent_s: a conflict that is older is only worth a warning.
    """
    checks = []
    advice = (
        "Somebody else polls with this token, as a developer's copy or a former deployment: stop it, or have "
        "@BotFather give a new token (/revoke), and update telegram_bot_token."
    )
    for poller in pollers:
        seen, age = poller.conflicts.guard, poller.conflicts.age_s
        if seen is None:
            continue
        expected = "no poll of anybody else"
        if not seen:
            checks.append(Check("other_poller", poller.name, "passed", expected, "none"))
            continue
        ago = f", the last one {age:.0f} s ago" if age is not None else ""
        found = f"{seen} conflicts (409) since its guard began{ago}"
        status = "failed" if age is not None and age <= recent_s else "warned"
        checks.append(Check("other_poller", poller.name, status, expected, found, advice))
    return checks
