"""Names and figures of the queue, apart from it so that the health check can do without SAQ."""

from __future__ import annotations

from typing import Final

QUEUE_DATABASE: Final = 3
HEARTBEAT_SECONDS: Final = 3.0
HEARTBEAT_TTL: Final = 15  # seconds
MAX_ATTEMPTS: Final = 30


def heartbeat_key(instance_id: str) -> str:
    return f"reference-app:heartbeat:{instance_id}"
