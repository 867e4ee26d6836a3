# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the lease's Redis keeps what the poll guards write, judged by its memory settings.

Private to this collection. No I/O here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._core.findings import Check

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .service_probe import Service

MIB = 1 << 20
# The lease takes less than 1 KiB, but the buffers of server and clients take some MiB, and other data more.
# A full server that evicts nothing refuses each write, so that no lease can be renewed.
SMALL_BYTES = 64 * MIB
FULL_PERCENT = 90
_KEEPS = "noeviction"
_EXPECTED = (
    f"no maxmemory; or maxmemory-policy {_KEEPS} and at least {SMALL_BYTES // MIB} MiB, "
    f"less than {FULL_PERCENT} % used"
)


@dataclass(frozen=True)
class RedisMemory:
    """Memory settings of a Redis, as INFO has them.

    Args:
        policy: C(maxmemory-policy).
        limit_bytes: C(maxmemory); 0 is without a limit.
        used_bytes: what it uses now.
    """

    policy: str
    limit_bytes: int
    used_bytes: int

    @classmethod
    def of(cls, answer: Mapping[str, object] | None) -> RedisMemory | None:
        """Return what the image service-check said; None where Redis doesn't tell. Raises ValueError."""
        if not answer or not answer.get("policy"):
            return None
        limit, used = (int(str(answer.get(key) or 0)) for key in ("limit_bytes", "used_bytes"))
        return cls(str(answer["policy"]), limit, used)


def check_redis_memory(service: Service, memory: RedisMemory | None) -> Check:
    """Return the check of a Redis that holds the lease."""
    if memory is None:
        found = "Redis doesn't tell its memory settings: its user lacks INFO, or service-check is older"
        return Check("redis_memory", service.subject, "skipped", _EXPECTED, found)
    limit = f"maxmemory {memory.limit_bytes // MIB} MiB" if memory.limit_bytes else "no maxmemory"
    full = bool(memory.limit_bytes) and memory.used_bytes * 100 >= memory.limit_bytes * FULL_PERCENT
    found = f"maxmemory-policy {memory.policy}, {limit}"
    if full:
        found += f", {memory.used_bytes * 100 // memory.limit_bytes} % used"
    advice = []
    # Without a limit nothing is evicted under any policy.
    if memory.limit_bytes and memory.policy != _KEEPS:
        advice.append(
            f"Set maxmemory-policy {_KEEPS}, or give the lease a Redis of its own by "
            "bot_cluster_lease_redis_url: this one may evict the lease and the bot's position."
        )
    if full or 0 < memory.limit_bytes < SMALL_BYTES:
        advice.append(
            f"Raise maxmemory to at least {SMALL_BYTES // MIB} MiB and above what is used: a full Redis "
            "evicts keys, or refuses to renew the lease."
        )
    status = "warned" if advice else "passed"
    return Check("redis_memory", service.subject, status, _EXPECTED, found, " ".join(advice))
