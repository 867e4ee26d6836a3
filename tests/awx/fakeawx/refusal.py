"""How AWX says no."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """An answer with another status than success."""

    def __init__(self, body: dict[str, Any], status: int = 400) -> None:
        super().__init__(str(body))
        self.status = status
        self.body = body


def denied(detail: str) -> Refusal:
    """What AWX doesn't do whoever asks."""
    return Refusal({"detail": detail}, 403)
