"""``python -m app.health [webhook|polling|worker]``: Docker's HEALTHCHECK. Exit 0 is healthy, 1 is not.

``webhook`` asks this container's own API. The others, and no argument, look for the heartbeat that this
instance leaves in Redis. It runs every few seconds in every container, so it imports little.
"""

from __future__ import annotations

import http.client
import json
import sys
import time
from typing import Any, Final

FRESH: Final = 12.0  # seconds
POLLED: Final = 120.0  # longer than a long poll and the pauses after failures
PORT: Final = 8001


def _webhook() -> str | None:
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=4)
    try:
        connection.request("GET", "/health")
        response = connection.getresponse()
        body = response.read(2000).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return f"the API does not answer: {type(error).__name__}"
    return None if response.status == 200 else body


def _stale(heartbeat: dict[str, Any], role: str | None, now: float) -> str | None:
    if role not in (None, heartbeat["role"]):
        return f"this is a {heartbeat['role']}, not a {role}"
    if now - heartbeat["at"] > FRESH:
        return f"last heartbeat {now - heartbeat['at']:.0f} s ago"
    polled = heartbeat.get("polled_at", now)
    if polled is None:
        return "no successful poll yet"
    if now - polled > POLLED:
        return f"last successful poll {now - polled:.0f} s ago"
    return None


def _heartbeat(role: str | None) -> str | None:
    from redis import Redis
    from redis.exceptions import RedisError

    from app.queue_keys import heartbeat_key
    from app.settings import SettingsError, load

    try:
        settings = load("health")
        with Redis.from_url(settings.queue_url, socket_timeout=2, socket_connect_timeout=2) as redis:
            found = redis.get(heartbeat_key(settings.instance_id))
    except SettingsError as error:
        return str(error)
    except (RedisError, OSError) as error:
        return f"Redis: {type(error).__name__}"
    if not isinstance(found, bytes):
        return "no heartbeat"
    return _stale(json.loads(found), role, time.time())


def main(arguments: list[str]) -> int:
    role = arguments[0] if arguments else None
    if role not in (None, "webhook", "polling", "worker"):
        print("usage: python -m app.health [webhook|polling|worker]", file=sys.stderr)
        return 2
    problem = _webhook() if role == "webhook" else _heartbeat(role)
    print(problem or "healthy")
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
