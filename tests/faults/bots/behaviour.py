"""What the bots in Python have in common: how long they work, what they answer, how they fail on demand."""

from __future__ import annotations

import os
import time

HANDLER_SECONDS = float(os.environ.get("HANDLER_SECONDS", "0.2"))
INSTANCE = os.environ.get("INSTANCE_ID", "?")
# "/hang once" and "/crash once" aren't obeyed again when they are delivered again, this many seconds later.
ONCE_SECONDS = 3


def answer(text: str) -> str:
    """Return the answer to a text: the text itself, and who answers."""
    return f"{text} | {INSTANCE}"


def wish(text: str, said_at: float) -> str | None:
    """Return "hang" or "crash" where a text said at a time of the epoch asks for it."""
    word, _, more = text.partition(" ")
    if word not in ("/hang", "/crash") or (more == "once" and time.time() - said_at > ONCE_SECONDS):
        return None
    return word[1:]
