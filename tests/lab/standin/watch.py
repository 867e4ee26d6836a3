"""What tests want to know of a bot's polls: overlaps, gaps, hand-overs, deliveries."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

# What is remembered of each kind; the counts go on beyond that.
MAX_DETAILS = 1_000
MAX_DELIVERED = 200_000


@dataclass(frozen=True)
class Client:
    """Who sent a request: address and port, and how it calls itself."""

    host: str
    port: int
    user_agent: str

    @property
    def peer(self) -> str:
        """Address and port as one text."""
        return f"{self.host}:{self.port}"

    @property
    def name(self) -> str:
        """What stays the same over a client's connections."""
        return f"{self.user_agent} @ {self.host}"


@dataclass(eq=False)
class Visit:
    """One poll while it can receive something."""

    client: Client
    started: float
    is_gone: Callable[[], bool]
    on_over: Callable[[float], None]


class PollWatch:
    """Counts as the polls of one bot begin and end; times are seconds of the monotonic clock."""

    def __init__(self, in_flight: Iterable[Visit] = ()) -> None:
        self.polls = 0
        self.overlaps = 0
        self.conflicts = 0
        self.user_agents: Counter[str] = Counter()
        self.overlap_details: deque[dict[str, Any]] = deque(maxlen=MAX_DETAILS)
        self.handovers: deque[dict[str, Any]] = deque(maxlen=MAX_DETAILS)
        self.delivered: OrderedDict[int, list[float]] = OrderedDict()
        self.max_gap = 0.0
        self._in_flight = set(in_flight)
        self._idle_since: float | None = None
        self._last_client: Client | None = None

    def begin(
        self,
        client: Client,
        is_gone: Callable[[], bool],
        on_over: Callable[[float], None] = lambda _: None,
    ) -> Visit:
        """A poll arrived. `is_gone` says whether its client hung up; `on_over` is told when it ends."""
        for visit in [visit for visit in self._in_flight if visit.is_gone()]:
            self.end(visit)
        now = time.monotonic()
        gap = now - self._idle_since if not self._in_flight and self._idle_since is not None else 0.0
        self.max_gap = max(self.max_gap, gap)
        self.polls += 1
        self.user_agents[client.user_agent] += 1
        for other in self._in_flight:
            self.overlaps += 1
            self.overlap_details.append(
                {
                    "at": now,
                    "older": {"peer": other.client.peer, "user_agent": other.client.user_agent},
                    "newer": {"peer": client.peer, "user_agent": client.user_agent},
                    "older_since": other.started,
                }
            )
        last = self._last_client
        if last is not None and last.name != client.name:
            self.handovers.append({"at": now, "from": last.name, "to": client.name, "gap_s": gap})
        self._last_client = client
        visit = Visit(client, now, is_gone, on_over)
        self._in_flight.add(visit)
        return visit

    def end(self, visit: Visit) -> None:
        """A poll was answered, was ended by a conflict, or its client has hung up; harmless when repeated."""
        if visit in self._in_flight:
            now = time.monotonic()
            self._in_flight.discard(visit)
            visit.on_over(now)
            if not self._in_flight:
                self._idle_since = now

    def deliver(self, update_ids: Iterable[int]) -> None:
        """Updates were handed to a client that is still there."""
        now = time.monotonic()
        for update_id in update_ids:
            self.delivered.setdefault(update_id, []).append(now)
        while len(self.delivered) > MAX_DELIVERED:
            self.delivered.popitem(last=False)

    def successor(self) -> PollWatch:
        """A watch that counts from zero, but knows the polls in flight and so the next overlap with them."""
        return PollWatch(self._in_flight)

    def summary(self) -> dict[str, Any]:
        """The counts as JSON."""
        return {
            "polls": self.polls,
            "in_flight": len(self._in_flight),
            "overlaps": self.overlaps,
            "overlap_details": list(self.overlap_details),
            "conflicts": self.conflicts,
            "user_agents": dict(self.user_agents),
            "max_gap_s": round(self.max_gap, 6),
            "handovers": list(self.handovers),
            "delivered": {str(update_id): times for update_id, times in self.delivered.items()},
        }
