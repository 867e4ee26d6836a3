"""What of the Bot API's requests the gate understands."""

from __future__ import annotations

import json

import pytest
from pollguard.calls import (
    GUARDED,
    PERMISSIONS,
    Call,
    Poll,
    is_true,
    parse_call,
    parse_json,
    parse_poll,
    refusal,
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/bot1:a/getUpdates", Call("1:a", "getupdates")),
        ("/bot1:a/GETUPDATES?timeout=5", Call("1:a", "getupdates")),
        ("/bot1:a/getUpdates?x=/bot2:b/close", Call("1:a", "getupdates")),
        ("/bot1%3Aa/getUpdates", Call("1:a", "getupdates")),
        ("/bot1:a/get%55pdates", Call("1:a", "getupdates")),
        # Telegram's test servers.
        ("/bot1:a/test/getUpdates", Call("1:a", "getupdates")),
        ("/bot1:a/TEST/sendMessage", Call("1:a", "sendmessage")),
        ("bot1:a/getMe", Call("1:a", "getme")),
        ("/bot1:a/deleteWebhook", Call("1:a", "deletewebhook")),
        ("/bot1:a/", None),
        ("/bot1:a", None),
        ("/bot1:a/test/", None),
        ("/file/bot1:a/documents/file_0.txt", None),
        ("/bot1:a/documents/file_0.txt", None),
        ("/", None),
        ("", None),
        ("/health", None),
    ],
)
def test_calls(path: str, expected: Call | None) -> None:
    assert parse_call(path) == expected


def test_a_call_shows_its_bot_and_not_its_token() -> None:
    call = Call("123:secret", "getme")
    assert call.bot == "123"
    assert "secret" not in repr(call)


def test_what_is_guarded_can_be_permitted() -> None:
    assert {name.lower() for name in PERMISSIONS[:4]} == GUARDED - {"getupdates"}


@pytest.mark.parametrize(
    ("given", "offset", "timeout", "others"),
    [
        ({}, None, 0, {}),
        ({"offset": "7", "timeout": "30"}, 7, 30, {}),
        ({"offset": "-1", "timeout": "-5"}, -1, 0, {}),
        ({"timeout": "600"}, None, 50, {}),
        ({"offset": "", "timeout": "x"}, None, 0, {}),
        (
            {"limit": "5", "allowed_updates": '["message"]', "timeout": "1"},
            None,
            1,
            {"limit": "5", "allowed_updates": '["message"]'},
        ),
    ],
)
def test_polls(given: dict[str, str], offset: int | None, timeout: int, others: dict[str, str]) -> None:
    assert parse_poll(given) == Poll(offset, timeout, others)


def test_the_poll_that_telegram_gets() -> None:
    poll = Poll(7, 30, {"limit": "5"})
    assert poll.parameters(9, 12) == {"limit": "5", "timeout": "12", "offset": "9"}
    assert poll.parameters(None, 0) == {"limit": "5", "timeout": "0"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{}", {}),
        (b'{"offset": 7, "timeout": 30.0}', {"offset": "7", "timeout": "30.0"}),
        (b'{"allowed_updates": ["message"], "url": "x"}', {"allowed_updates": '["message"]', "url": "x"}),
        (b'{"drop_pending_updates": true, "offset": null}', {"drop_pending_updates": "true"}),
        ('{"text": "ü"}'.encode(), {"text": "ü"}),
    ],
)
def test_json(body: bytes, expected: dict[str, str]) -> None:
    assert parse_json(body) == expected


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"{", b"\xff"])
def test_bad_json(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_json(body)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", True),
        ("True", True),
        (" 1 ", True),
        ("yes", True),
        ("false", False),
        ("0", False),
        ("", False),
    ],
)
def test_truth(text: str, expected: bool) -> None:
    assert is_true(text) is expected


def test_refusals_are_the_bot_apis() -> None:
    assert json.loads(refusal(403, "Forbidden: x")) == {
        "ok": False,
        "error_code": 403,
        "description": "Forbidden: x",
    }
