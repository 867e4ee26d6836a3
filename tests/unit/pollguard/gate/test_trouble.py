"""The gate when Telegram refuses, fails or isn't there: COMMAND is spared what the guard can bear itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from itertools import pairwise

import aiohttp
import pytest
from aiohttp import web
from gate_inside import InsideGate, answering, serving, until
from pollguard.clock import now
from pollguard.gate.offsets import Position
from pollguard_harness import free_port, make_token
from standin_process import Account


@pytest.fixture
async def active(account: Account) -> AsyncIterator[InsideGate]:
    async with serving(InsideGate(account.standin.url, account.token), Position()) as gate:
        yield gate


async def stranger(account: Account, seconds: int) -> None:
    """Somebody else polls with this token."""
    url = f"{account.standin.url}/bot{account.token}/getUpdates?timeout={seconds}"
    async with aiohttp.ClientSession() as client, client.get(url) as answer:
        await answer.read()


@pytest.mark.parametrize(
    "fault",
    [
        {"error_code": 500},
        {"error_code": 502, "count": 2},
        {"error_code": 504},
        {"error_code": 0},
        {"error_code": 0, "count": 2},
        {"error_code": 429, "retry_after": 1},
    ],
    ids=str,
)
async def test_what_passes_by_itself_is_waited_for(
    active: InsideGate, account: Account, fault: dict[str, int]
) -> None:
    account.fail("getUpdates", **fault)
    update = account.say("hello")
    assert await active.poll(timeout=10) == [update]
    starts = [one["started"] for one in account.log()]
    assert len(starts) == fault.get("count", 1) + 1
    assert all(later - earlier >= 0.2 for earlier, later in pairwise(starts))
    if "retry_after" in fault:
        assert starts[1] - starts[0] >= 1
    assert active.reach.conflicts == active.reach.unauthorized == 0
    assert active.reach.error == ""


async def test_what_lasts_longer_than_the_poll_is_an_empty_answer(
    active: InsideGate, account: Account
) -> None:
    account.fail("getUpdates", error_code=502, count=-1)
    before = time.monotonic()
    assert await active.poll(timeout=2) == []
    assert 1 <= time.monotonic() - before <= 2.5
    assert len(account.log()) <= 5
    assert not active.reach.reachable
    assert active.reach.error == "127.0.0.1 answers 502"


@pytest.mark.parametrize(
    ("fault", "most"),
    [({"error_code": 502}, 5), ({"error_code": 429, "retry_after": 30}, 1), ({"error_code": 401}, 3)],
    ids=str,
)
async def test_errors_are_remembered_across_short_polls(
    active: InsideGate, account: Account, fault: dict[str, int], most: int
) -> None:
    account.fail("getUpdates", count=-1, **fault)
    began = time.monotonic()
    for offset in range(1000):
        if time.monotonic() - began > 3:
            break
        # Each of another offset, so that none is held as a repeated one.
        assert await active.poll(timeout=0, offset=offset) == []
    assert 1 <= len(account.log()) <= most


async def test_what_refused_polls_is_gone_and_they_go_on_at_once(
    active: InsideGate, account: Account
) -> None:
    account.fail("getUpdates", error_code=401, count=-1)
    account.fail("getWebhookInfo", error_code=401, count=-1)
    for offset in range(4):
        await active.poll(timeout=2, offset=offset)
    await active.reach.probe()
    assert active.reach.revoked
    assert active.updates.back_off.not_before > now() + 1
    account.heal()
    update = account.say("hello")
    await active.reach.probe()
    assert not active.reach.revoked
    before = time.monotonic()
    assert await active.poll(timeout=10, offset=7) == [update]
    assert time.monotonic() - before < 0.5


async def test_a_bot_api_that_isnt_there_and_then_is() -> None:
    gate = InsideGate(f"http://127.0.0.1:{free_port()}", make_token())
    async with serving(gate, Position()):
        before = time.monotonic()
        assert await gate.poll(timeout=1) == []
        assert 0.5 <= time.monotonic() - before <= 1.5
        assert await gate.poll(timeout=0) == []
        assert gate.reach.error.startswith("127.0.0.1 can't be reached")
        await gate.reach.probe()
        assert not gate.reach.reachable


async def test_its_own_mistakes_are_told_to_the_command(active: InsideGate, account: Account) -> None:
    account.fail("getUpdates", error_code=400, description="Bad Request: odd")
    answer = await active.call("getUpdates", timeout=5)
    assert (answer["status"], answer["description"]) == (400, "Bad Request: odd")


async def test_a_stranger_is_counted_and_not_fought(
    active: InsideGate, account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    account.say("first")
    assert await active.poll(timeout=5)
    active.updates.begin(active.updates.position.polled(10**12))
    poll = asyncio.ensure_future(active.poll(timeout=10))
    await until(lambda: account.polls()["in_flight"] == 1)
    await stranger(account, seconds=2)
    assert not poll.done(), "COMMAND is told nothing: many die of a 409"
    assert active.reach.conflicts == 1
    assert active.reach.stranger
    await until(lambda: account.polls()["in_flight"] == 1)
    ours = [one["started"] for one in account.log() if "pollguard" in one["user_agent"]]
    assert ours[-1] - ours[-2] >= 0.9, "it waits before it polls again"
    second = account.say("second")
    assert await poll == [second]
    assert caplog.text.count("conflict: somebody else polls with this token (409)") == 1


async def test_many_conflicts_are_met_with_ever_more_patience(active: InsideGate, account: Account) -> None:
    account.fail("getUpdates", error_code=409, description="Conflict: terminated by other", count=-1)
    poll = asyncio.ensure_future(active.poll(timeout=5))
    await until(lambda: active.reach.conflicts >= 3, within=6)
    starts = [one["started"] for one in account.log()]
    pauses = [later - earlier for earlier, later in pairwise(starts)]
    assert pauses[0] >= 0.9
    assert pauses[1] >= 1.8
    account.heal()
    update = account.say("hello")
    assert await poll in ([], [update])
    assert len(account.log()) <= 4


async def test_a_conflict_with_the_next_holder_is_no_strangers(active: InsideGate, account: Account) -> None:
    account.say("first")
    await active.poll(timeout=5)
    poll = asyncio.ensure_future(active.poll(timeout=2, offset=10**12))
    await until(lambda: account.polls()["in_flight"] == 1)
    active.fence.opens = False  # the lease has passed on, and this guard doesn't know yet
    await stranger(account, seconds=1)
    assert await poll == []
    assert active.reach.conflicts == 0


async def test_a_webhook_is_told_apart(active: InsideGate, account: Account) -> None:
    account.set_webhook("https://x.example")
    assert await active.poll(timeout=1) == []
    assert active.reach.webhook
    assert active.reach.conflicts == 0
    account.set_webhook("")
    await active.reach.probe()
    assert not active.reach.webhook


async def test_a_revoked_token(
    active: InsideGate, account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    poll = asyncio.ensure_future(active.poll(timeout=3))
    await until(lambda: account.polls()["in_flight"] == 1)
    account.remove()
    await until(lambda: active.reach.unauthorized)
    assert active.reach.revoked
    assert active.reach.error == "the token is refused (401)"
    assert not poll.done()
    account.add()
    update = account.say("hello")
    assert await poll == [update]
    assert not active.reach.revoked
    assert caplog.text.count("Telegram refuses the token (401)") == 1
    assert account.token.partition(":")[2] not in caplog.text


@pytest.mark.parametrize("body", [b"<html>log in to this network</html>", b"{}", b'{"result": [{}]}'])
async def test_nonsense_is_not_handed_on_nor_hammered(body: bytes) -> None:
    async def answer(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=body)

    async with answering(answer) as upstairs, serving(InsideGate(upstairs.url, "1:x"), Position()) as gate:
        assert await gate.poll(timeout=1) == []
        assert len(upstairs.seen) <= 4
        assert gate.reach.error


async def test_a_probe_tells_backlog_and_webhook(active: InsideGate, account: Account) -> None:
    for text in "abc":
        account.say(text)
    await active.reach.probe()
    assert active.reach.reachable
    assert (active.reach.backlog, active.reach.webhook) == (3, False)
    assert account.polls()["polls"] == 0


async def test_one_failure_is_no_loss_of_telegram(active: InsideGate, account: Account) -> None:
    await active.reach.probe()
    account.fail("getWebhookInfo", error_code=502, count=2)
    await active.reach.probe()
    assert active.reach.reachable
    await active.reach.probe()
    assert not active.reach.reachable
    await active.reach.probe()
    assert active.reach.reachable


async def test_a_lapse_of_the_lease_that_nobody_tells_of(active: InsideGate, account: Account) -> None:
    """It was out of time for a moment (the guard was frozen, say) and then renewed: it polls on at once."""
    account.fail("getUpdates", error_code=502)
    poll = asyncio.ensure_future(active.poll(timeout=10))
    await until(lambda: active.reach.error)
    active.fence.holds = False
    await asyncio.sleep(0.4)
    assert account.polls()["in_flight"] == 0
    active.fence.holds = True
    update = account.say("hello")
    assert await asyncio.wait_for(poll, 2) == [update]
