"""A gate in this very process, between a client of the test's and a Bot API of the test's choice."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from pollguard.clock import now
from pollguard.gate.late_calls import LateCalls
from pollguard.gate.offsets import Position
from pollguard.gate.polling import Updates
from pollguard.gate.server import Gate, bind
from pollguard.gate.telegram_health import Reach
from pollguard.gate.upstream import Upstream
from pollguard.proxy import Proxy
from pollguard_harness import free_port

AGENT = "pollguard/test one"


@dataclass
class Fence:
    """Says yes until told otherwise; remembers what it was asked."""

    opens: bool = True
    holds: bool = True
    """The lease is held, as far as the guard knows; a fence that says no teaches it better."""
    asked: list[tuple[int, int]] = field(default_factory=list)

    async def __call__(self, delivered: int, confirmed: int) -> bool:
        self.asked.append((delivered, confirmed))
        self.holds = self.holds and self.opens
        return self.opens


@dataclass
class Lease:
    """What a gate looks at of its guard's lease; one that was never lost unless the test says so."""

    tenure: object = None
    active: bool = True
    failing: bool = False
    lost_at: float | None = None
    taken_by_another: bool = False
    """What Redis says when it is asked."""

    async def ask(self) -> None:
        if self.taken_by_another:
            self.tenure, self.lost_at = None, now()


class InsideGate:
    """A gate for the bot of `token`, and a client that has connections of its own."""

    def __init__(
        self,
        api_url: str,
        token: str,
        permissions: frozenset[str] = frozenset(),
        given: str = "",
        proxy: Proxy | None = None,
    ) -> None:
        self.token = given or token
        self.fence = Fence()
        self.port = free_port()
        self.upstream = Upstream(api_url, AGENT, proxy)
        path = f"/bot{token}"
        self.reach = Reach(self.upstream, f"{path}/getWebhookInfo", now, self._retry)
        self.updates = Updates(
            self.upstream, self.reach, f"{path}/getUpdates", self.fence, self._holds, now, lambda: None
        )
        self.lease = Lease()
        late_calls = LateCalls(
            self.lease,  # type: ignore[arg-type] # in place of the guard's
            self.updates,
            now,
            redeliver=True,
            quiet=0.5,
            limit=2.0,
        )
        self.gate = Gate(
            bind("127.0.0.1", self.port),
            (token, self.token),
            permissions,
            self.upstream,
            self.reach,
            self.updates,
            late_calls,
            now,
            lambda: None,
        )
        self.client = aiohttp.ClientSession(auto_decompress=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _retry(self) -> None:
        self.updates.retry()

    def _holds(self) -> bool:
        return self.fence.holds

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """COMMAND's call by JSON: the whole answer, and its status."""
        url = f"{self.url}/bot{self.token}/{method}"
        async with self.client.post(url, json=parameters) as answer:
            body: dict[str, Any] = json.loads(await answer.read())
            return body | {"status": answer.status}

    async def poll(self, **parameters: Any) -> list[int]:
        """COMMAND's poll: the updates' ids."""
        answer = await self.call("getUpdates", **parameters)
        assert answer["status"] == 200, answer
        return [update["update_id"] for update in answer["result"]]


@contextlib.asynccontextmanager
async def serving(gate: InsideGate, position: Position | None = None) -> AsyncIterator[InsideGate]:
    """The gate at work; with `position` as the active's."""
    task = asyncio.ensure_future(gate.gate.run())
    if position is not None:
        gate.updates.begin(position)
    try:
        yield gate
    finally:
        await gate.client.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await gate.upstream.close()


async def until(condition: Callable[[], object], within: float = 5.0) -> None:
    """Wait until it holds; looked at in a thread, as it may ask another process."""
    async with asyncio.timeout(within):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 (it is somebody else's state)
            await asyncio.sleep(0.005)


@dataclass
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((v for n, v in self.headers if n.lower() == name.lower()), None)


Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


async def say_true(request: web.BaseRequest) -> web.StreamResponse:
    """What most methods answer, and that no webhook is set."""
    is_info = request.path.lower().endswith("/getwebhookinfo")
    return web.json_response({"ok": True, "result": {"url": ""} if is_info else True})


class Upstairs:
    """A Bot API that remembers each request and answers as `answer` does."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.seen: list[Seen] = []
        self.keeps_bodies = True
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read() if self.keeps_bodies else b""
        headers = [(n.decode(), v.decode()) for n, v in request.raw_headers]
        self.seen.append(Seen(request.method, request.raw_path, headers, body))
        return await self.answer(request)


@contextlib.asynccontextmanager
async def answering(answer: Answer = say_true, certificate: Path | None = None) -> AsyncIterator[Upstairs]:
    """It at work; with a certificate over TLS."""
    upstairs = Upstairs(answer)
    server = web.Server(
        upstairs.handle,
        handler_cancellation=True,
        access_log=None,
        auto_decompress=False,
        max_line_size=128 * 1024,
    )
    runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=0.1)
    await runner.setup()
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    await web.TCPSite(runner, "127.0.0.1", upstairs.port, ssl_context=context).start()
    try:
        yield upstairs
    finally:
        await runner.cleanup()
