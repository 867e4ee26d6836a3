"""How patient and how frequent probes of Telegram are."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

import pytest
from aiohttp import web
from gate_inside import InsideGate, answering, serving, until
from pollguard.gate.telegram_health import Reach
from pollguard.gate.upstream import Reply, UnreachableError

WELL = Reply(200, b'{"ok":true,"result":{"url":"","pending_update_count":0}}')


def too_many(seconds: int) -> Reply:
    return Reply(429, json.dumps({"ok": False, "parameters": {"retry_after": seconds}}).encode())


class ScriptedUpstream:
    """Gives one reply after the other, None for none, and remembers how long each was waited for."""

    host = "x"

    def __init__(self, *replies: Reply | None) -> None:
        self.replies = list(replies)
        self.limits: list[float] = []

    async def call(self, _path: str, _parameters: Mapping[str, str], limit: float) -> Reply:
        self.limits.append(limit)
        reply = self.replies.pop(0)
        if reply is None:
            raise UnreachableError("x gave no answer")
        return reply


def reach_of(upstream: ScriptedUpstream) -> Reach:
    return Reach(upstream, "", lambda: 100.0, lambda: None)  # type: ignore[arg-type] # in place of a real one


@pytest.mark.parametrize(
    ("replies", "limits"),
    [
        # Until the first one succeeds there is nothing to lose.
        ([None, None, None, WELL], [10, 10, 10, 10]),
        # A failure that has consequences is noticed soon; then a slow link gets its time.
        ([WELL, WELL, None, None, None, None, None], [10, 2.5, 2.5, 2.5, 5, 10, 10]),
        ([WELL, None, None, None, WELL, WELL], [10, 2.5, 2.5, 5, 10, 2.5]),
        ([WELL, Reply(502, b""), Reply(502, b""), WELL, WELL], [10, 2.5, 2.5, 5, 2.5]),
    ],
)
async def test_patience(replies: list[Reply | None], limits: list[float]) -> None:
    upstream = ScriptedUpstream(*replies)
    reach = reach_of(upstream)
    for reply in replies:
        assert await reach.probe() is (reply is WELL)
    assert upstream.limits == limits


async def test_patience_is_bounded() -> None:
    upstream = ScriptedUpstream(WELL, *[None] * 3000)
    reach = reach_of(upstream)
    while len(upstream.limits) <= 3000:
        await reach.probe()
    assert upstream.limits[-1] == 10


async def test_a_link_on_which_a_connection_takes_long_is_reachable() -> None:
    async def answer(_request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(3)
        return web.json_response({"ok": True, "result": {"url": ""}})

    async with answering(answer) as upstairs, serving(InsideGate(upstairs.url, "1:x")) as gate:
        probes = asyncio.ensure_future(gate.reach.run())
        try:
            await until(lambda: gate.reach.reachable, within=5)
        finally:
            probes.cancel()


@pytest.mark.parametrize(
    ("replies", "pauses"),
    [
        ([WELL, WELL], [2, 2]),
        ([None, None, WELL], [1, 1, 2]),
        ([too_many(7), WELL, WELL], [7, 2, 2]),
        ([too_many(1), WELL], [2, 2]),
        ([too_many(900), too_many(900), WELL], [30, 30, 2]),
        ([Reply(429, b"odd"), WELL], [5, 2]),
    ],
)
async def test_pauses_between_probes(
    replies: list[Reply | None], pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    sleep = asyncio.sleep

    async def remember(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == len(pauses):
            raise asyncio.CancelledError
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", remember)
    with pytest.raises(asyncio.CancelledError):
        await reach_of(ScriptedUpstream(*replies)).run()
    assert slept == pauses
