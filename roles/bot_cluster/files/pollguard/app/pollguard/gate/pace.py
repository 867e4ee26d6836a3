"""How often COMMAND polls, and so for how long it counts as one that does."""

from __future__ import annotations

from collections import deque

_SHORTEST, _LONGEST = 2.0, 15.0
_SLACK = 1.5
_REMEMBERED = 3


class Pace:
    """The pauses between COMMAND's latest polls, in seconds."""

    def __init__(self) -> None:
        self._pauses: deque[float] = deque(maxlen=_REMEMBERED)

    def paused(self, seconds: float) -> None:
        """It has polled again after so long."""
        self._pauses.append(seconds)

    @property
    def patience(self) -> float:
        """How long after a poll the next one is no longer to be expected."""
        return min(_LONGEST, max(_SHORTEST, _SLACK * max(self._pauses, default=0.0)))
