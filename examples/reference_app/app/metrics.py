"""Prometheus metrics. Alerts that the collection brings know these names."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, Final

from prometheus_client import Counter, Gauge, Histogram, start_http_server

log = logging.getLogger(__name__)

# What watches the application isn't its work.
UNCOUNTED: Final = frozenset({"/health", "/metrics"})

REQUESTS: Final = Counter("http_requests", "Requests that were answered", ["method", "status"])
DURATION: Final = Histogram("http_request_duration_seconds", "Time until the answer began")
JOBS_QUEUED: Final = Gauge("jobs_queued", "Jobs that wait for a worker, of all workers")
JOBS_RUNNING: Final = Gauge("jobs_running", "Jobs that this worker is at")
JOBS: Final = Counter("jobs", "Attempts at a job; one that failed is tried again", ["outcome"])
for outcome in ("done", "failed"):
    JOBS.labels(outcome)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


class Counted:
    """Counts an application's answers, those of errors included."""

    def __init__(self, app: Application) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in UNCOUNTED:
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                REQUESTS.labels(scope["method"], str(message["status"])).inc()
                DURATION.observe(time.perf_counter() - started)
            await send(message)

        await self._app(scope, receive, counted)


@contextmanager
def job() -> Iterator[None]:
    """Count an attempt at a job."""
    with JOBS_RUNNING.track_inprogress():
        try:
            yield
        except BaseException:
            JOBS.labels("failed").inc()
            raise
        JOBS.labels("done").inc()


def serve(port: int) -> None:
    """Serve them from a thread; 0 serves none. A port that is taken costs the metrics, not the work."""
    if not port:
        return
    try:
        start_http_server(port)
    except OSError as error:
        log.warning("no metrics: port %d can't be used: %s", port, error.strerror)
