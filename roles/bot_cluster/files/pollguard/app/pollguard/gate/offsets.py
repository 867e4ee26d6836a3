"""Where the bot stands in its queue of updates. Pure.

An offset is Telegram's: the id of the first update that is still wanted. Telegram forgets what is below the
offset of a poll, so a poll is made with `confirmed`, never with more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Position:
    """Offsets of one tenure; None is unknown: nobody has polled under this lease yet."""

    confirmed: int | None = None
    """Behind what COMMAND has polled past."""
    handed: int | None = None
    """Behind what was written out to COMMAND."""
    delivered: int | None = None
    """Behind what the fence has let pass; a write that failed leaves `handed` behind it."""

    @classmethod
    def taken_over(cls, delivered: int | None, confirmed: int | None, *, redeliver: bool) -> Position:
        """Where a new tenure starts. After a hand-over both offsets are the same; after a crash `redeliver`
        says whether what the former holder's bot may not have finished comes again."""
        start = confirmed if redeliver and confirmed is not None else delivered
        return cls(start, start, start)

    def polled(self, offset: int | None) -> Position:
        """COMMAND polls with `offset`. What it confirms counts, as far as it was delivered: a framework that
        stood by may ask for what is long done, and one with a mind of its own for what nobody has seen."""
        if offset is None or offset <= 0:
            return self
        confirmed: int | None = offset
        if self.delivered is not None and offset > self.delivered:
            # It doesn't come of anything that was delivered, so it can't vouch for a write that failed.
            confirmed = self.handed
        if confirmed is None:
            return self
        if self.confirmed is not None and confirmed <= self.confirmed:
            return self
        handed = confirmed if self.handed is None else max(self.handed, confirmed)
        return replace(self, confirmed=confirmed, handed=handed, delivered=self.delivered or confirmed)

    def received(self, ids: Sequence[int]) -> Position:
        """Updates `ids` came of a poll with `confirmed`; the position once the fence has let them pass."""
        first, behind = min(ids), max(ids) + 1
        # After a quiet week Telegram goes on with a number of its choice, a lower one perhaps.
        if self.confirmed is None or first < self.confirmed:
            return Position(first, first, behind)
        return replace(self, delivered=max(behind, self.delivered or behind))

    def written(self, behind: int) -> Position:
        """What was received up to `behind` has been written out: less than was delivered, perhaps, when a
        write failed and Telegram was asked again."""
        return replace(self, handed=max(behind, self.handed or behind))
