"""How often COMMAND polls: for how long it counts as one that does, and how long a poll of its is held."""

from __future__ import annotations

import math
from collections import deque

from .bot_api import Poll

_REPEATED = 3.0
"""To so many seconds Telegram raises the timeout of a poll whose offset was asked for as recently."""
_SHORTEST, _LONGEST = 2.0, 15.0
_SLACK = 1.5
_REMEMBERED = 3


class Pace:
    """The pauses between COMMAND's latest polls, in seconds."""

    def __init__(self) -> None:
        self._pauses: deque[float] = deque(maxlen=_REMEMBERED)
        self._asked: tuple[int | None, float] = (None, -math.inf)
        """Offset and time of the last poll."""

    def timeout(self, poll: Poll, now: float) -> float:
        """For how long a poll is held, without updates: as long as Telegram would."""
        offset, at = self._asked
        self._asked = poll.offset, now
        repeated = poll.offset == offset and now < at + _REPEATED
        return max(poll.timeout, _REPEATED) if repeated else poll.timeout

    def paused(self, seconds: float) -> None:
        """It has polled again after so long."""
        self._pauses.append(seconds)

    @property
    def patience(self) -> float:
        """How long after a poll the next one is no longer to be expected."""
        return min(_LONGEST, max(_SHORTEST, _SLACK * max(self._pauses, default=0.0)))
