"""What the scripts in Redis shall do, in Python: compared with Redis, and used to simulate guards."""

from __future__ import annotations

from dataclasses import dataclass, field

WITHHELD = ("-", 0, "-")
Reply = tuple[bool, str, int]
"""Whether the lease is the asker's, who holds it, and its epoch."""


@dataclass
class LeaseModel:
    """One Redis. Times are seconds on its own clock."""

    ttl: float
    value: tuple[str, int, str] | None = None
    expires: float = 0.0
    epoch: int = 0
    history: list[int] = field(default_factory=list)

    def holder(self, now: float) -> tuple[str, int, str] | None:
        """Token, epoch and instance of whoever holds the lease."""
        if self.value is not None and now >= self.expires:
            self.value = None
        return self.value

    def attempt(
        self, now: float, token: str, instance: str, seen: int, take: bool, early: bool = False
    ) -> Reply:
        held = self.holder(now)
        if held is not None and held[0] == token:
            if take:
                self.expires = now + self.ttl
            return self._reply(True)
        if held is None and take:
            known = max(seen, 1)
            if self.epoch > known or (self.epoch == known and not early):
                self.epoch += 1
                self.history.append(self.epoch)
                self.value, self.expires = (token, self.epoch, instance), now + self.ttl
                return self._reply(True)
            self.epoch = known
            self.value, self.expires = WITHHELD, now + self.ttl
        return self._reply(False)

    def renew(self, now: float, token: str, epoch: int, instance: str) -> Reply:
        held = self.holder(now)
        if held != (token, epoch, instance):
            if held not in (None, WITHHELD) or self.epoch > epoch:
                return self._reply(False)
            self.epoch, self.value = epoch, (token, epoch, instance)
        self.expires = now + self.ttl
        return self._reply(True)

    def release(self, now: float, token: str) -> bool:
        held = self.holder(now)
        if held is None or held[0] != token:
            return False
        self.value = None
        self.epoch += 1
        return True

    def vanish(self) -> None:
        """The lease's key is evicted, or deleted by hand; or its time to live ends."""
        self.value = None

    def wipe(self) -> None:
        """Redis comes back empty."""
        self.value, self.epoch = None, 0

    def _reply(self, mine: bool) -> Reply:
        if self.value is None or self.value == WITHHELD:
            return mine, "", 0
        return mine, self.value[2], self.value[1]
