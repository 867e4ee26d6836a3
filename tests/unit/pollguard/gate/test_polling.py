"""Polls at the gate: held for a standby, made at Telegram for the active, the newest first."""

from __future__ import annotations

import asyncio
import json
import resource
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import aiohttp
import pytest
from aiohttp import web
from gate_inside import AGENT, InsideGate, answering, serving, until
from pollguard.gate.offsets import Position
from standin_process import Account


@pytest.fixture
async def standby(account: Account) -> AsyncIterator[InsideGate]:
    async with serving(InsideGate(account.standin.url, account.token)) as gate:
        yield gate


@pytest.fixture
async def active(account: Account) -> AsyncIterator[InsideGate]:
    async with serving(InsideGate(account.standin.url, account.token), Position()) as gate:
        yield gate


async def test_a_standbys_poll_is_held_for_its_timeout(standby: InsideGate, account: Account) -> None:
    account.say("hello")
    before = time.monotonic()
    waiting = asyncio.ensure_future(standby.poll(timeout=1))
    await until(lambda: standby.updates.polling)
    assert await waiting == []
    assert 1.0 <= time.monotonic() - before <= 1.3
    assert not standby.updates.polling
    assert standby.updates.polled_at is not None
    assert account.polls()["polls"] == 0


@pytest.mark.parametrize("parameters", [{}, {"timeout": 0}, {"timeout": "x"}, {"offset": 5}])
async def test_a_standbys_poll_without_timeout_is_answered_at_once(
    standby: InsideGate, parameters: dict[str, object]
) -> None:
    before = time.monotonic()
    assert await standby.poll(**parameters) == []
    assert time.monotonic() - before < 0.2


@pytest.mark.parametrize("role", ["standby", "active"])
async def test_a_repeated_short_poll_is_held_as_telegram_does(
    role: str, account: Account, standby: InsideGate
) -> None:
    """So a bot that polls without a timeout neither burns a core nor floods Telegram."""
    if role == "active":
        standby.updates.begin(Position())
    began, polls = time.monotonic(), 0
    while time.monotonic() - began < 4:
        assert await standby.poll(timeout=0) == []
        polls += 1
    assert polls <= 4
    assert account.polls()["polls"] == (polls if role == "active" else 0)
    # Another offset is another poll, and what waits comes at once.
    before = time.monotonic()
    assert await standby.poll(timeout=0, offset=99) == []
    assert time.monotonic() - before < 0.3


async def test_a_held_poll_is_woken_when_its_instance_becomes_active(
    standby: InsideGate, account: Account
) -> None:
    update = account.say("hello")
    waiting = asyncio.ensure_future(standby.poll(timeout=30, offset=3))
    await until(lambda: standby.updates.polling)
    before = time.monotonic()
    standby.updates.begin(Position(update, update, update))
    assert await waiting == [update]
    assert time.monotonic() - before < 0.3
    assert standby.updates.position == Position(update, update + 1, update + 1)


async def test_a_poll_is_the_guards_own_at_telegram(active: InsideGate, account: Account) -> None:
    update = account.say("hello")
    assert await active.poll(timeout=5, limit=7, allowed_updates=["message"]) == [update]
    assert await active.poll(offset=update + 1, timeout=0) == []
    first, second = account.log()
    assert first["user_agent"] == second["user_agent"] == AGENT
    assert first["params"] == {"timeout": "5", "limit": "7", "allowed_updates": '["message"]'}
    assert second["params"] == {"timeout": "0", "offset": str(update + 1)}
    assert active.fence.asked == [(update + 1, update)]
    assert active.updates.good_at is not None


@pytest.mark.parametrize(
    ("verb", "method", "how"),
    [
        ("GET", "getUpdates", "params"),
        ("POST", "getUpdates", "params"),
        ("POST", "getUpdates", "data"),
        ("POST", "getUpdates", "json"),
        ("POST", "getUpdates", "multipart"),
        ("GET", "GETUPDATES", "params"),
        ("POST", "getupdates", "json"),
    ],
)
async def test_ways_to_poll(active: InsideGate, account: Account, verb: str, method: str, how: str) -> None:
    first, second = account.say("one"), account.say("two")
    parameters = {"offset": str(second), "timeout": "5", "limit": "1"}
    url = f"{active.url}/bot{active.token}/{method}"
    sent: dict[str, object] = {how: parameters}
    if how == "multipart":
        form = aiohttp.FormData(parameters)
        form.add_field("nothing", b"", filename="x")
        sent = {"data": form}
    active.updates.begin(Position(first, second, second))
    async with active.client.request(verb, url, **sent) as answer:  # type: ignore[arg-type]
        body = json.loads(await answer.read())
        assert answer.content_type == "application/json"
    assert [update["update_id"] for update in body["result"]] == [second]
    assert account.log()[0]["params"] == parameters


async def test_whatever_its_framework_asks_the_clusters_offset_counts(
    active: InsideGate, account: Account
) -> None:
    updates = [account.say(text) for text in "abcd"]
    active.updates.begin(Position.taken_over(updates[2], updates[2], redeliver=True))
    for offset in (None, 0, updates[0]):
        assert await active.poll(timeout=0, **({} if offset is None else {"offset": offset})) == updates[2:]
        await asyncio.sleep(0.51)  # Telegram gives one update only to whoever is too fast
    assert {one["params"]["offset"] for one in account.log()} == {str(updates[2])}


async def test_of_two_polls_the_newer_counts(active: InsideGate, account: Account) -> None:
    older = asyncio.ensure_future(active.poll(timeout=2))
    await until(lambda: account.polls()["in_flight"] == 1)
    newer = asyncio.ensure_future(active.poll(timeout=20))
    await until(lambda: account.polls()["polls"] == 2)
    update = account.say("hello")
    assert await newer == [update]
    assert not older.done()
    assert await older == []
    polls = account.polls()
    assert (polls["overlaps"], polls["conflicts"]) == (0, 0)


async def test_who_hangs_up_ends_the_poll_at_telegram(active: InsideGate, account: Account) -> None:
    poll = asyncio.ensure_future(active.poll(timeout=30))
    await until(lambda: account.polls()["in_flight"] == 1)
    poll.cancel()
    await until(lambda: account.polls()["in_flight"] == 0, within=1)
    assert not active.updates.polling
    update = account.say("hello")
    assert await active.poll(timeout=5) == [update]


async def test_halt_ends_the_poll_at_telegram_and_holds_commands(
    active: InsideGate, account: Account
) -> None:
    poll = asyncio.ensure_future(active.poll(timeout=2))
    await until(lambda: account.polls()["in_flight"] == 1)
    await asyncio.wait_for(active.updates.pause(), 1)
    await until(lambda: account.polls()["in_flight"] == 0, within=1)
    account.say("hello")
    assert await poll == []
    assert account.polls()["delivered"] == {}


async def test_what_the_fence_refuses_is_nobodys(active: InsideGate, account: Account) -> None:
    active.fence.opens = False
    update = account.say("hello")
    assert await active.poll(timeout=1) == []
    assert active.updates.fenced == 1
    assert active.updates.position == Position()
    active.fence.opens = active.fence.holds = True
    active.updates.begin(Position())
    assert await active.poll(timeout=5) == [update]
    assert active.updates.delivered == 1


async def test_a_pause_waits_for_what_is_being_handed_out_but_not_for_ever() -> None:
    """COMMAND doesn't read what it asked for: that doesn't count as handed out."""
    large = [{"update_id": 7, "message": {"text": "x" * 1024}}] * 30_000

    async def answer(_request: web.BaseRequest) -> web.StreamResponse:
        return web.json_response({"ok": True, "result": large})

    async with answering(answer) as upstairs, serving(InsideGate(upstairs.url, "1:x"), Position()) as gate:
        _reader, writer = await asyncio.open_connection("127.0.0.1", gate.port, limit=1024)
        writer.write(b"GET /bot1:x/getUpdates?timeout=5 HTTP/1.1\r\nHost: x\r\n\r\n")
        await until(lambda: gate.updates.delivered)
        before = time.monotonic()
        await gate.updates.pause()
        assert 1.5 <= time.monotonic() - before <= 3
        assert gate.updates.position == Position(7, 7, 8)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def test_two_thousand_held_polls_cost_next_to_nothing(standby: InsideGate, account: Account) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 10_000), hard))
    writers = []
    try:
        for _ in range(2_000):
            _reader, writer = await asyncio.open_connection("127.0.0.1", standby.port)
            writer.write(
                f"GET /bot{account.token}/getUpdates?timeout=50 HTTP/1.1\r\nHost: x\r\n\r\n".encode()
            )
            writers.append(writer)
        await until(lambda: standby.updates._held == 2_000, within=20)
        before = time.process_time()
        await asyncio.sleep(2)
        assert time.process_time() - before < 0.1
    finally:
        for writer in writers:
            writer.close()
        await until(lambda: not standby.updates.polling, within=20)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_of_other_bots_it_polls_nothing(active: InsideGate, account: Account) -> None:
    for method in ("getUpdates", "deleteWebhook"):
        url = f"{active.url}/bot77:{'x' * 30}/{method}"
        async with active.client.get(url) as answer:
            body = await answer.json()
        assert (answer.status, body["error_code"]) == (403, 403)
        assert body["description"] == (
            f"Forbidden: this poll guard guards bot {account.token.partition(':')[0]} only"
        )
    assert active.gate.other_bot == "77", "health names it"
    assert account.polls()["polls"] == 0
