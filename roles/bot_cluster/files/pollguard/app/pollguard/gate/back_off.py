"""When Telegram may be polled again after errors. Kept across COMMAND's polls, however short these are."""

from __future__ import annotations

import json

from ..clock import Clock
from .upstream import Reply

_USUAL = (0.25, 2.0)
_REFUSED = (1.0, 30.0)
"""For what only people can end: a revoked token, a webhook, a competing poller."""


class BackOff:
    """Grows with each error in a row; Telegram's own `retry_after` counts as it is."""

    def __init__(self, clock: Clock) -> None:
        self.not_before = 0.0
        self._clock = clock
        self._errors = 0
        self._told = False
        """`not_before` is Telegram's own."""

    def failed(self, reply: Reply | None = None) -> None:
        """A poll was answered by this error, or not at all."""
        status = reply.status if reply else None
        self._told = status == 429
        if reply is not None and self._told:
            pause = retry_after(reply)
        else:
            shortest, longest = _REFUSED if status in (401, 404, 409) else _USUAL
            pause = min(longest, shortest * 2.0 ** min(self._errors, 16))
        self._errors += 1
        self.not_before = self._clock() + pause

    def succeeded(self) -> None:
        """A poll was answered well."""
        self._errors = 0

    def reset(self) -> None:
        """What was in the way is gone, but for a time that Telegram has set."""
        self._errors = 0
        if not self._told:
            self.not_before = 0.0


def retry_after(reply: Reply) -> float:
    """Seconds that a 429 asks to wait."""
    try:
        return max(0.5, float(json.loads(reply.body)["parameters"]["retry_after"]))
    except (ValueError, KeyError, TypeError):
        return 5.0
