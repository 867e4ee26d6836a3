"""What moves Telegram's queue or ends polling: for a standby, for the active, and with a webhook set."""

from __future__ import annotations

import asyncio
import logging
import time
from urllib.parse import parse_qsl

import pytest
from aiohttp import web
from gate_inside import InsideGate, answering, serving, until
from pollguard.gate.offsets import Position
from standin_process import Account

ALL = frozenset({"deleteWebhook", "setWebhook", "logOut", "close", "dropPendingUpdates", "negativeOffset"})


@pytest.mark.parametrize(
    ("is_active", "permissions", "method", "parameters", "answered", "passed"),
    [
        # A standby's start must not fail, and must not do harm.
        (False, ALL, "deleteWebhook", {"drop_pending_updates": True}, True, None),
        (False, ALL, "setWebhook", {}, True, None),
        (False, ALL, "setWebhook", {"url": "https://x"}, 403, None),
        (False, ALL, "logOut", {}, 403, None),
        (False, ALL, "close", {}, 403, None),
        # The active may what it is permitted.
        (True, frozenset(), "deleteWebhook", {}, True, None),
        (True, {"deleteWebhook"}, "deleteWebhook", {}, True, {}),
        (True, {"deleteWebhook"}, "DELETEWEBHOOK", {"drop_pending_updates": True}, True, {}),
        (True, {"deleteWebhook"}, "deleteWebhook", {"drop_pending_updates": False}, True, {
            "drop_pending_updates": "false"
        }),
        (True, {"deleteWebhook"}, "setWebhook", {"url": ""}, True, {"url": ""}),
        (True, {"deleteWebhook"}, "setWebhook", {"url": "https://x"}, 403, None),
        (True, {"setWebhook"}, "setWebhook", {"url": "https://x"}, True, {"url": "https://x"}),
        (True, {"deleteWebhook"}, "logOut", {}, 403, None),
        (True, {"logOut"}, "close", {}, 403, None),
        (True, {"logOut"}, "logOut", {}, True, {}),
        (True, {"close"}, "close", {}, True, {}),
        (True, ALL, "deleteWebhook", {"drop_pending_updates": True}, True, {"drop_pending_updates": "true"}),
    ],
)  # fmt: skip
async def test_what_moves_the_queue_is_guarded(
    is_active: bool,
    permissions: set[str],
    method: str,
    parameters: dict[str, object],
    answered: bool | int,
    passed: dict[str, str] | None,
) -> None:
    async with (
        answering() as upstairs,
        serving(
            InsideGate(upstairs.url, "1:x", frozenset(permissions)), Position() if is_active else None
        ) as gate,
    ):
        answer = await gate.call(method, **parameters)
        if answered is True:
            assert answer == {"ok": True, "result": True, "status": 200}
        else:
            assert (answer["status"], answer["error_code"]) == (answered, answered)
            assert "a poll guard keeps this bot polling" in answer["description"]
        # Whether a webhook is set may be asked.
        calls = [seen for seen in upstairs.seen if not seen.path.endswith("/getWebhookInfo")]
        assert len(calls) == (passed is not None)
        for seen in calls:
            assert dict(parse_qsl(seen.body.decode(), keep_blank_values=True)) == passed


@pytest.mark.parametrize("method", ["deleteWebhook", "setWebhook"])
async def test_a_webhook_is_removed_by_whoever_starts(account: Account, method: str) -> None:
    """With it nobody can become active, so the bot's own deleteWebhook must work; no update is dropped."""
    update = account.say("hello")
    account.set_webhook("https://example.com/hook")
    gate = InsideGate(account.standin.url, account.token, frozenset({"deleteWebhook"}))
    async with serving(gate):
        answer = await gate.call(method, drop_pending_updates=True)
        assert (answer["ok"], answer["result"]) == (True, True)
        assert [one["params"] for one in account.log("deleteWebhook")] == [{}]
        assert not gate.reach.webhook
        gate.updates.begin(Position())
        assert await gate.poll(timeout=1) == [update]


async def test_a_webhook_that_must_not_be_removed_is_reported(account: Account) -> None:
    account.set_webhook("https://example.com/hook")
    async with serving(InsideGate(account.standin.url, account.token)) as gate:
        answer = await gate.call("deleteWebhook")
        assert (answer["status"], answer["error_code"]) == (403, 403)
        assert "a webhook is set" in answer["description"]
        assert account.log("deleteWebhook") == []


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"error_code": 502}, 502),
        ({"error_code": 0}, 502),
        ({"error_code": 401}, 401),
        ({"error_code": 400}, 502),
        ({"error_code": 429, "retry_after": 7}, 429),
    ],
    ids=str,
)
async def test_what_telegram_does_not_confirm_is_not_answered_well(
    account: Account, fault: dict[str, int], status: int
) -> None:
    account.fail("getWebhookInfo", count=-1, **fault)
    async with serving(InsideGate(account.standin.url, account.token, ALL)) as gate:
        answer = await gate.call("deleteWebhook")
    assert (answer["status"], answer["ok"], answer["error_code"]) == (status, False, status)
    assert answer.get("parameters", {}).get("retry_after") == fault.get("retry_after")


@pytest.mark.parametrize("body", [b"<html>log in to this network</html>", b"[]", b'{"ok":true}'])
async def test_a_reply_that_is_not_the_bot_apis_confirms_nothing(body: bytes) -> None:
    async def answer(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=body)

    async with answering(answer) as upstairs, serving(InsideGate(upstairs.url, "1:x", ALL)) as gate:
        reply = await gate.call("deleteWebhook")
    assert (reply["status"], reply["error_code"]) == (502, 502)


@pytest.mark.parametrize(
    ("is_active", "permissions", "comes", "stays"),
    [(False, ALL, 0, 3), (True, frozenset(), 0, 3), (True, {"negativeOffset"}, 1, 1)],
)
async def test_negative_offsets(
    account: Account, is_active: bool, permissions: set[str], comes: int, stays: int
) -> None:
    """Telegram would forget what nobody has answered yet."""
    updates = [account.say(text) for text in "abc"]
    gate = InsideGate(account.standin.url, account.token, frozenset(permissions))
    async with serving(gate, Position() if is_active else None):
        before = time.monotonic()
        assert await gate.poll(offset=-1, timeout=0) == updates[3 - comes :]
        assert time.monotonic() - before < 0.5
        assert account.polls()["pending"] == stays


@pytest.mark.parametrize("is_active", [False, True])
async def test_refused_negative_offsets_are_held_as_repeated_polls(
    account: Account, is_active: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """They count as polls, whatever their number and timeout, and burn no core."""
    caplog.set_level(logging.DEBUG, "pollguard")
    gate = InsideGate(account.standin.url, account.token)
    async with serving(gate, Position() if is_active else None):
        began, polls = time.monotonic(), 0
        while time.monotonic() - began < 4:
            assert await gate.poll(offset=-1 - polls % 2, timeout=30 * (polls % 2)) == []
            polls += 1
            assert gate.updates.polled_at is not None
        assert polls <= 4
        assert account.polls()["polls"] == 0
    told = [record.levelname for record in caplog.records if "a negative offset" in record.message]
    assert told == ["INFO"] + ["DEBUG"] * (polls - 1)


async def test_a_refused_negative_offset_displaces_no_other_poll(account: Account) -> None:
    gate = InsideGate(account.standin.url, account.token)
    async with serving(gate, Position()):
        poll = asyncio.ensure_future(gate.poll(timeout=10))
        await until(lambda: account.polls()["in_flight"] == 1)
        assert await gate.poll(offset=-1) == []
        update = account.say("hello")
        assert await asyncio.wait_for(poll, 2) == [update]
    assert account.polls()["polls"] == 1
