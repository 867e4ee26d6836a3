"""Redis with a time that the test moves: what the scripts reckon with is shifted instead of waited for."""

from __future__ import annotations

import redis
from pollguard.lease.model import Keys


def let_redis_time_pass(client: redis.Redis, keys: Keys, seconds: float) -> None:
    """As if so much time had passed for Redis."""
    by = int(seconds * 1000)
    left = client.pttl(keys.lease)
    if left >= 0:
        client.pexpire(keys.lease, max(0, left - by))
    until = int(client.hget(keys.state, "until") or 0)
    if until > 0:
        client.hset(keys.state, "until", max(1, until - by))
    for name in client.zrange(keys.standbys, 0, -1):
        client.zincrby(keys.standbys, -by, str(name))


def set_redis_clock_back(client: redis.Redis, keys: Keys, seconds: float) -> None:
    """As if the clock of Redis had been set back: what it was to expire by that clock lasts longer."""
    left = client.pttl(keys.lease)
    if left >= 0:
        client.pexpire(keys.lease, left + int(seconds * 1000))
    until = int(client.hget(keys.state, "until") or 0)
    if until > 0:
        client.hset(keys.state, "until", until + int(seconds * 1000))
