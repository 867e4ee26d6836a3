"""What the bots in Python have in common: how long they work, what they answer, how they fail on demand."""

from __future__ import annotations

import os

HANDLER_SECONDS = float(os.environ.get("HANDLER_SECONDS", "0.2"))
INSTANCE = os.environ.get("INSTANCE_ID", "?")


def answer(text: str) -> str:
    """Return the answer to a text: the text itself, and who answers."""
    return f"{text} | {INSTANCE}"


def wish(text: str) -> str | None:
    """Return "hang" or "crash" where a text asks this instance, or whoever gets it, for it."""
    word, _, whom = text.partition(" ")
    return word[1:] if word in ("/hang", "/crash") and whom in ("", INSTANCE) else None
