"""What moves Telegram's queue or ends polling: for a standby, for the active, and with a webhook set."""

from __future__ import annotations

import time
from urllib.parse import parse_qsl

import pytest
from gate_inside import InsideGate, answering, serving
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
        (False, ALL, "logOut", {}, True, None),
        (False, ALL, "close", {}, True, None),
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
        (True, {"deleteWebhook"}, "logOut", {}, True, None),
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


@pytest.mark.parametrize(("fault", "status"), [(502, 502), (0, 502), (401, 401)])
async def test_what_telegram_does_not_confirm_is_not_answered_well(
    account: Account, fault: int, status: int
) -> None:
    account.fail("getWebhookInfo", error_code=fault, count=-1)
    async with serving(InsideGate(account.standin.url, account.token, ALL)) as gate:
        assert (await gate.call("deleteWebhook"))["status"] == status


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
