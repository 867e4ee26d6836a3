"""Whether this instance is good, from what its guard knows. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from .decisions import Reason


@dataclass(frozen=True, slots=True)
class Sight:
    """What health depends on. Times are on the guard's clock."""

    now: float
    ttl: float
    renew: float
    holds_lease: bool
    command_since: float | None
    """When COMMAND started; None when it doesn't run."""
    ending: Reason | None
    poll_seen_at: float | None
    blind: bool
    """The Bot API's address is unknown."""
    poll_max_age: float
    """Seconds; 0 switches this off."""
    start_grace: float
    health_failures: int
    answered_at: float | None
    """When Redis answered last."""
    holder: str
    free_since: float | None
    """Since when nobody has held the lease."""
    last_error: str


def deaf_for(sight: Sight) -> float:
    """Seconds that COMMAND has been without a connection to the Bot API beyond its time to start."""
    if sight.command_since is None or sight.blind:
        return 0.0
    if sight.poll_seen_at is not None:
        return sight.now - sight.poll_seen_at
    # Not connected yet: only the grace period is special, the limit that follows is not added to it.
    waited = sight.now - sight.command_since
    return waited if waited > sight.start_grace else 0.0


def fault(sight: Sight) -> str | None:
    """One line that says what is wrong; None for a good active and a good standby."""
    if sight.command_since is not None:
        return _fault_of_active(sight)
    return _fault_of_standby(sight)


def _fault_of_active(sight: Sight) -> str | None:
    if sight.ending in (Reason.DEAF, Reason.UNHEALTHY):
        return f"COMMAND is being ended: {sight.ending}"
    if sight.ending is not None:
        return None
    if not sight.holds_lease:
        return "COMMAND runs, but the lease is not held"
    if sight.poll_max_age > 0:
        if sight.blind:
            return "the Bot API's name can't be resolved"
        silent = deaf_for(sight)
        if silent > sight.poll_max_age:
            return f"COMMAND doesn't poll: no connection to the Bot API for {silent:.0f} s"
    if sight.health_failures:
        return f"the health command has failed {sight.health_failures} times"
    return None


def _fault_of_standby(sight: Sight) -> str | None:
    if sight.answered_at is None or sight.now - sight.answered_at > sight.ttl:
        return f"Redis doesn't answer: {sight.last_error or 'no answer yet'}"
    if not sight.holder and sight.free_since is not None:
        free = sight.now - sight.free_since
        if free > sight.ttl + 2 * sight.renew:
            return f"nobody has held the lease for {free:.0f} s"
    return None
