"""What health depends on in both modes. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from .policy import Reason


@dataclass(frozen=True, slots=True)
class StoreSight:
    """The lease, as far as health depends on it. Times are on the guard's clock."""

    now: float
    ttl: float
    renew: float
    answered_at: float | None
    """When Redis answered last."""
    holder: str
    free_since: float | None
    """Since when nobody has held the lease."""
    last_error: str

    @property
    def fault(self) -> str | None:
        """What is wrong with Redis."""
        if self.answered_at is None or self.now - self.answered_at > self.ttl:
            return f"Redis doesn't answer: {self.last_error or 'no answer yet'}"
        return None

    @property
    def vacant(self) -> str | None:
        """Whether the lease has been free for longer than it takes somebody to take it."""
        if not self.holder and self.free_since is not None:
            free = self.now - self.free_since
            if free > self.ttl + 2 * self.renew:
                return f"nobody has held the lease for {free:.0f} s"
        return None


def being_ended(reason: Reason) -> str | None:
    """A fault when COMMAND is ended because something is wrong with it."""
    return f"COMMAND is being ended: {reason}" if reason in (Reason.DEAF, Reason.UNHEALTHY) else None


def health_command_failed(times: int) -> str | None:
    """A fault when the health command has failed."""
    return f"the health command has failed {times} times" if times else None
