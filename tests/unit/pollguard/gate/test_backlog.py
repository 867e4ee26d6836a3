"""Updates that wait at a Bot API server and that no poll brings, as their ids are below its offset."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from gate_inside import InsideGate, answering, serving, until
from pollguard.gate.backlog import Backlog
from pollguard.gate.offsets import Position


@pytest.mark.parametrize(
    ("counts", "due"),
    [
        ([1, 1, 1, 1, 2], True),
        ([1, 2, 3, 4], False),  # too few
        ([5, 5, 5, 5, 5, 5], False),  # it doesn't grow
        ([1, 2, None, 3, 4, 5], False),
        ([1, 2, 0, 3, 4, 5], False),
        ([1, 2, 3, 4, 0, 4, 4, 4, 4, 5], True),
    ],
)
def test_a_backlog_that_grows_while_polls_bring_nothing(counts: list[int | None], due: bool) -> None:
    backlog = Backlog()
    said = [backlog.counted(count, polled=True) for count in counts]
    assert said == [False] * (len(counts) - 1) + [due]
    assert backlog.stuck is due
    assert [backlog.take_reset(), backlog.take_reset()] == [due, False]
    assert backlog.resets == due


def test_while_nobody_polls_it_may_grow() -> None:
    backlog = Backlog()
    for count in range(1, 20):
        assert not backlog.counted(count, polled=False)
    # Polls that come empty between the counts are polls, too.
    for count in range(1, 6):
        backlog.came_empty()
        due = backlog.counted(count, polled=False)
    assert due


@pytest.mark.parametrize("every", [2, 3, 5])
def test_pauses_between_polls_take_nothing_back(every: int) -> None:
    """A bot that polls now and then, with several counts from one poll to the next."""
    backlog, count = Backlog(), 0
    while not backlog.stuck:
        count += 1
        assert count <= 5 * every
        if count % every == 0:
            backlog.came_empty()
        backlog.counted(count, polled=False)
    assert count == 5 * every


def test_it_is_over_when_polls_bring_updates() -> None:
    backlog = Backlog()
    for count in range(1, 6):
        backlog.counted(count, polled=True)
    backlog.brought()
    assert not backlog.stuck
    assert not backlog.take_reset()


@dataclass
class Literal:
    """A Bot API server that takes each offset at its word, and keeps what is below it."""

    waiting: list[int] = field(default_factory=list)
    offsets: list[str | None] = field(default_factory=list)

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path.endswith("/getWebhookInfo"):
            return self._say({"url": "", "pending_update_count": len(self.waiting)})
        parameters = await request.post()
        given = parameters.get("offset")
        self.offsets.append(None if given is None else str(given))
        over = asyncio.get_running_loop().time() + int(str(parameters["timeout"]))
        while not (found := [one for one in self.waiting if given is None or one >= int(str(given))]):
            if asyncio.get_running_loop().time() > over:
                break
            await asyncio.sleep(0.01)
        if given is not None and found:
            self.waiting = found
        return self._say([{"update_id": one} for one in found])

    def _say(self, result: object) -> web.StreamResponse:
        return web.Response(body=json.dumps({"ok": True, "result": result}).encode())


@pytest.mark.parametrize("seconds", [30, 0])
async def test_a_literal_server_is_polled_without_an_offset_once(
    seconds: int, caplog: pytest.LogCaptureFixture
) -> None:
    server = Literal()
    start = Position(900, 900, 900)
    async with answering(server) as upstairs, serving(InsideGate(upstairs.url, "1:x"), start) as gate:
        poll = asyncio.ensure_future(gate.poll(timeout=seconds, offset=1))
        await until(lambda: gate.updates.in_flight if seconds else poll.done())
        for update in range(3, 8):
            if seconds == 0:
                assert await gate.poll(timeout=0, offset=1000 + update) == []
            server.waiting.append(update)
            assert not gate.updates.backlog.stuck
            await gate.reach.probe()
        assert gate.updates.backlog.stuck
        if seconds == 0:
            poll = asyncio.ensure_future(gate.poll(timeout=0, offset=1))
        assert await asyncio.wait_for(poll, 5) == [3, 4, 5, 6, 7]
        assert not gate.updates.backlog.stuck
        assert gate.updates.position == Position(3, 8, 8)
        server.waiting = [8]
        assert await gate.poll(timeout=5, offset=8) == [8]
        assert server.offsets.count(None) == 1
        assert gate.updates.backlog.resets == 1
        assert "updates wait at Telegram below offset 900: polling without an offset" in caplog.text
