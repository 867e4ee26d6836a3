"""What the scripts in Redis shall do, in Python: compared with Redis, and used to simulate guards."""

from __future__ import annotations

from dataclasses import dataclass, field

from pollguard.lease.model import Take

Reply = tuple[bool, str, int]
"""Whether the lease is the asker's, who holds it, and its epoch."""


@dataclass
class LeaseModel:
    """One Redis. Times are seconds on its own clock."""

    ttl: float
    value: tuple[str, int, str] | None = None
    expires: float = 0.0
    epoch: int = 0
    until: float | None = None
    """When the lease can be free: unknown to a new Redis, 0 once it was given up."""
    delivered: int | None = None
    confirmed: int | None = None
    history: list[int] = field(default_factory=list)

    def holder(self, now: float) -> tuple[str, int, str] | None:
        """Token, epoch and instance of whoever holds the lease."""
        if self.value is not None and now >= self.expires:
            self.value = None
        return self.value

    def left(self, now: float) -> float:
        """Seconds until the lease can be free."""
        return max(0.0, (self.expires if self.holder(now) else self.until or 0.0) - now)

    def attempt(self, now: float, token: str, instance: str, seen: int, take: Take) -> Reply:
        held = self.holder(now)
        if self.until is None or (held is None and self.epoch < seen):
            self.epoch, self.until = max(self.epoch, seen), now + self.ttl
        mine = held is not None and held[0] == token
        if take is not Take.NONE and held is not None and mine:
            self._give(now, held)
        elif held is None and self._may_be_taken(now, take):
            self.history.append(self.epoch + 1)
            self._give(now, (token, self.epoch + 1, instance))
            mine = True
        return self._reply(mine)

    def renew(self, now: float, token: str, epoch: int, instance: str, restore: bool = True) -> Reply:
        held, tenure = self.holder(now), (token, epoch, instance)
        lost = held is None and self.until != 0 and self.epoch <= epoch and restore
        if held == tenure or lost:
            self._give(now, tenure)
            return self._reply(True)
        self.until = now + self.ttl if self.until is None else self.until
        return self._reply(False)

    def deliver(self, now: float, tenure: tuple[str, int, str], delivered: int, confirmed: int) -> bool:
        if self.holder(now) != tenure:
            return False
        self.delivered, self.confirmed = delivered, confirmed
        return True

    def release(self, now: float, token: str, position: int | None = None) -> bool:
        held = self.holder(now)
        if held is None or held[0] != token:
            return False
        self.value, self.until = None, 0.0
        if position is not None:
            self.delivered = self.confirmed = position
        return True

    def vanish(self) -> None:
        """The lease's key is evicted, or deleted by hand."""
        self.value = None

    def wipe(self) -> None:
        """Redis comes back empty."""
        self.value, self.epoch, self.until = None, 0, None
        self.delivered = self.confirmed = None

    def _may_be_taken(self, now: float, take: Take) -> bool:
        assert self.until is not None
        return (take is not Take.NONE and self.until == 0) or (take is Take.EXPIRED and now >= self.until)

    def _give(self, now: float, tenure: tuple[str, int, str]) -> None:
        self.value, self.epoch = tenure, tenure[1]
        self.expires = self.until = now + self.ttl

    def _reply(self, mine: bool) -> Reply:
        return mine, self.value[2] if self.value else "", self.value[1] if self.value else 0
