"""A guard's own watch over a lease that Redis keeps losing. Pure.

Redis grants a lost lease after a full time to live, and begins that wait anew with each loss: a renewal may
have been lost with it. A guard that has heard every notice for as long knows better. Whoever gets the lease
back into Redis is announced, and can't renew it unannounced once an answer has shown that it is gone. Two
things are left:

- A notice may be late. The guard's own loss is announced on the same subscription: once it is heard, so is
  all that was announced before.
- Something may happen after that. Then Redis no longer has the `until` that came with the loss, and refuses.
"""

from __future__ import annotations

from ..clock import Clock
from .model import Answer


class Watch:
    """Times are seconds on the guard's clock."""

    def __init__(self, ttl: float, clock: Clock) -> None:
        self._ttl = ttl
        self._clock = clock
        self._listening = False
        self._since: float | None = None
        """When the lease was first seen to be gone, with no sign of a holder after that."""
        self._sign_at = 0.0
        """When something was last heard that an answer to an earlier request can't refute."""
        self._heard = ""
        """`until` of the last loss that was announced."""

    def subscribed(self) -> None:
        """Notices are heard from now on."""
        self._listening, self._heard = True, ""
        self._sign()

    def unsubscribed(self) -> None:
        """Notices may be missed."""
        self._listening = False

    def heard(self, notice: str) -> None:
        """A notice came."""
        word, _space, until = notice.partition(" ")
        if word == "lost":
            self._heard = until
        elif word != "released":
            self._sign()

    def answered(self, answer: Answer, asked_at: float) -> None:
        """Redis has answered what it was asked at `asked_at`."""
        if answer.holder:
            self._since = None
        elif self._since is None and asked_at >= self._sign_at:
            self._since = answer.at

    def told(self, answer: Answer | None) -> str:
        """`until` of the last answer, if nobody can hold the lease by now for all this guard knows."""
        if answer is None or not self._listening or self._since is None:
            return ""
        watched = self._clock() >= self._since + self._ttl
        return answer.until if watched and answer.until == self._heard else ""

    def _sign(self) -> None:
        self._since, self._sign_at = None, self._clock()
