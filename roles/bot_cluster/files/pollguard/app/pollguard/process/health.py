"""Whether this instance is good in process mode, from what its guard knows. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ..health import StoreSight, being_ended, health_command_failed
from ..policy import Reason


@dataclass(frozen=True, slots=True)
class Sight:
    """What health depends on."""

    store: StoreSight
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


def deaf_for(sight: Sight) -> float:
    """Seconds that COMMAND has been without a connection to the Bot API beyond its time to start."""
    if sight.command_since is None or sight.blind:
        return 0.0
    if sight.poll_seen_at is not None:
        return sight.store.now - sight.poll_seen_at
    # Not connected yet: only the grace period is special, the limit that follows is not added to it.
    waited = sight.store.now - sight.command_since
    return waited if waited > sight.start_grace else 0.0


def fault(sight: Sight) -> str | None:
    """One line that says what is wrong; None for a good active and a good standby."""
    if sight.command_since is not None:
        return _fault_of_active(sight)
    return sight.store.fault or sight.store.vacant


def _fault_of_active(sight: Sight) -> str | None:
    if sight.ending is not None:
        return being_ended(sight.ending)
    if not sight.holds_lease:
        return "COMMAND runs, but the lease is not held"
    if sight.poll_max_age > 0:
        if sight.blind:
            return "the Bot API's name can't be resolved"
        silent = deaf_for(sight)
        if silent > sight.poll_max_age:
            return f"COMMAND doesn't poll: no connection to the Bot API for {silent:.0f} s"
    return health_command_failed(sight.health_failures)
