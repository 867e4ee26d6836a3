"""Whether updates wait at Telegram that polls don't bring: their ids are below the offset of the polls. Pure.

Telegram's own server takes an offset far from its queue for none, so this doesn't happen there. A Bot API
server that takes each offset at its word would keep such updates for ever.
"""

from __future__ import annotations

_COUNTS = 5


class Backlog:
    """What counts of waiting updates say, one after the other, while polls bring none."""

    def __init__(self) -> None:
        self.resets = 0
        """Polls made without an offset."""
        self.stuck = False
        """The number has grown over several counts, and polls under way all the time brought none."""
        self._first = 0
        self._counts = 0
        self._came_empty = False
        self._is_reset_due = False

    def counted(self, waiting: int | None, *, polled: bool) -> bool:
        """So many wait, None is unknown; `polled`: a poll is under way now. Whether a reset is due."""
        if not waiting:
            self.brought()
            return False
        if not (polled or self._came_empty):
            # A bot that pauses between its polls: this count says nothing, and takes nothing back.
            return False
        self._came_empty = False
        self._counts += 1
        self._first = self._first or waiting
        if self._counts >= _COUNTS and waiting > self._first:
            self.stuck = self._is_reset_due = True
            self._counts, self._first = 0, 0
        return self._is_reset_due

    def came_empty(self) -> None:
        """A poll was answered, and brought nothing."""
        self._came_empty = True

    def brought(self) -> None:
        """A poll brought updates, or none wait."""
        self.stuck = self._came_empty = self._is_reset_due = False
        self._counts = self._first = 0

    def take_reset(self) -> bool:
        """Whether to make the next poll without an offset, which confirms nothing and so loses nothing."""
        due, self._is_reset_due = self._is_reset_due, False
        self.resets += due
        return due
