"""Prometheus metrics of the guard, on a port of their own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from .. import __version__

log = logging.getLogger("pollguard.metrics")

_GAUGES = {
    "active": ("pollguard_active", "1 while this instance holds the lease"),
    "good": ("pollguard_good", "1 while `pollguard health` exits 0"),
    "command_pid": ("pollguard_command_running", "1 while COMMAND runs"),
    "epoch": ("pollguard_lease_epoch", "Epoch of the lease as Redis gave it last, whoever holds it"),
    "time_left_s": ("pollguard_lease_left_seconds", "Time until the lease ends unless renewed"),
    "poll_age_s": (
        "pollguard_poll_age_seconds",
        "Time since the last good poll, 0 during one (process mode: since the Bot API was seen connected)",
    ),
    "command_poll_age_s": ("pollguard_command_poll_age_seconds", "Time since COMMAND polled the gate"),
    "api_age_s": ("pollguard_api_age_seconds", "Time since Telegram answered last"),
    "api_retry_in_s": (
        "pollguard_api_retry_in_seconds",
        "Time until Telegram is polled again after an error",
    ),
    "backlog": ("pollguard_backlog_updates", "Updates that wait at Telegram"),
    "revoked": ("pollguard_token_refused", "1 while Telegram refuses the token"),
    "delivered": ("pollguard_delivered_offset", "Offset behind the updates that were handed out"),
    "confirmed": ("pollguard_confirmed_offset", "Offset behind the updates that COMMAND has polled past"),
    "redis_age_s": ("pollguard_redis_age_seconds", "Time since Redis answered last"),
    "health_failures": ("pollguard_health_command_failures", "Failures of the health command in a row"),
}
_COUNTERS = {
    "takes": ("pollguard_lease_takes", "Times that this instance took the lease"),
    "starts": ("pollguard_command_starts", "Times that COMMAND was started"),
    "handovers": ("pollguard_handovers", "Hand-overs that another instance took"),
    "updates": ("pollguard_updates", "Updates handed to COMMAND"),
    "fenced": ("pollguard_fenced_updates", "Updates that the fence kept from COMMAND, as the lease was lost"),
    "position_resets": (
        "pollguard_position_resets",
        "Polls made without an offset, as updates waited that no poll brought",
    ),
    "conflicts": ("pollguard_conflicts", "Polls answered 409 while holding the lease: a stranger polls"),
    "unauthorized": ("pollguard_unauthorized", "Requests for which Telegram refused the token"),
    "redis_errors": ("pollguard_redis_errors", "Requests that Redis didn't answer in time or as it should"),
}


class _FromStatus(Collector):
    def __init__(self, read: Callable[[], dict[str, Any]]) -> None:
        self._read = read

    def collect(self) -> Iterable[Metric]:
        status = self._read()
        yield InfoMetricFamily(
            "pollguard",
            "This guard",
            value={"instance": status["instance"], "mode": status["mode"], "version": __version__},
        )
        for key, (name, text) in _GAUGES.items():
            value = status.get(key)
            if key == "command_pid":
                value = value is not None
            if value is not None:
                yield GaugeMetricFamily(name, text, value=float(value))
        for key, (name, text) in _COUNTERS.items():
            # What only gate mode counts is left out in process mode.
            if key in status:
                yield CounterMetricFamily(name, text, value=status[key])


class Metrics:
    """The guard's registry; `observe_request` is the only thing that isn't read from the status."""

    def __init__(self, read: Callable[[], dict[str, Any]], longest: float) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_FromStatus(read))
        ProcessCollector(registry=self.registry)
        steps = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
        self._renewals = Histogram(
            "pollguard_redis_request_seconds",
            "Time that Redis took to answer",
            buckets=[s for s in steps if s < longest] + [longest],
            registry=self.registry,
        )

    def observe_request(self, seconds: float) -> None:
        """One answered request."""
        self._renewals.observe(seconds)

    def serve(self, port: int, address: str) -> None:
        """Listen in a thread of its own; a port that is taken costs the metrics, never the bot."""
        if not port:
            return
        try:
            start_http_server(port, address, registry=self.registry)
        except OSError as error:
            log.error("no metrics: port %d of %s can't be used: %s", port, address, error)
