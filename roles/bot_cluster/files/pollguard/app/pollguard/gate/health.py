"""Whether this instance is good in gate mode, from what its guard knows. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ..health import StoreSight, being_ended, health_command_failed
from ..policy import Reason


@dataclass(frozen=True, slots=True)
class GateSight:
    """What health depends on. Times are on the guard's clock."""

    store: StoreSight
    active: bool
    command_since: float | None
    """When COMMAND started; None when it doesn't run."""
    ending: Reason | None
    polling: bool
    polled_at: float | None
    """When COMMAND last polled the gate."""
    bypassed: bool
    """COMMAND was seen to connect to the Bot API by itself."""
    token_refused: bool
    """COMMAND called the gate last with another token than it was given."""
    other_bot: str
    """Id of another bot that COMMAND was refused to poll for; empty without one."""
    gate_url: str
    poll_max_age: float
    """Seconds; 0 switches this off."""
    start_grace: float
    health_failures: int
    reachable: bool
    revoked: bool
    webhook: bool
    stranger: bool
    stuck: bool
    """Updates wait at Telegram that polls don't bring."""
    api_error: str


def silent_for(sight: GateSight) -> float:
    """Seconds that COMMAND hasn't polled the gate, beyond its time to start."""
    if sight.command_since is None or sight.polling:
        return 0.0
    if sight.polled_at is not None:
        return sight.store.now - sight.polled_at
    waited = sight.store.now - sight.command_since
    return waited if waited > sight.start_grace else 0.0


def fault(sight: GateSight) -> str | None:
    """One line that says what is wrong; None for a good active and a good standby."""
    if sight.ending is not None:
        return being_ended(sight.ending)
    return (
        _fault_of_command(sight)
        or sight.store.fault
        or _fault_of_api(sight)
        or (None if sight.active else sight.store.vacant)
        or health_command_failed(sight.health_failures)
    )


def _fault_of_command(sight: GateSight) -> str | None:
    if sight.command_since is None:
        return "COMMAND doesn't run"
    if sight.polled_at is None and sight.token_refused:
        return (
            "COMMAND calls the gate with another token than it was given: it must take its token from "
            "TELEGRAM_BOT_TOKEN or TELEGRAM_TOKEN, or be given the real one by POLLGUARD_TOKEN_EXPOSURE=bot"
        )
    if sight.other_bot:
        return (
            f"COMMAND polls for another bot, {sight.other_bot}, too, which gets 403: a poll guard guards one "
            "bot, so each bot needs a process and a cluster of its own"
        )
    if sight.polled_at is None:
        age = sight.store.now - sight.command_since
        text = f"COMMAND has not polled {sight.gate_url} in the {age:.0f} s since it started"
        if sight.bypassed:
            text += ", but connects to the Bot API itself"
        return f"{text}: it must take its API address from TELEGRAM_API_URL"
    silent = silent_for(sight)
    if 0 < sight.poll_max_age < silent:
        return f"COMMAND has not polled for {silent:.0f} s"
    return None


def _fault_of_api(sight: GateSight) -> str | None:
    if sight.revoked:
        return f"Telegram refuses the token: {sight.api_error}"
    if not sight.reachable:
        return f"Telegram can't be reached: {sight.api_error or 'no answer yet'}"
    if sight.webhook:
        return "a webhook is set on the bot, so Telegram refuses every poll: take it off with deleteWebhook"
    if sight.active and sight.stranger:
        return "conflict: somebody else polls with this token (409)"
    if sight.active and sight.stuck:
        return (
            "updates wait at Telegram, and polls bring none: the Bot API server at TELEGRAM_API_URL takes an "
            "offset above its queue literally"
        )
    return None
