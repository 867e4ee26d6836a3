"""What of the Bot API's requests the gate understands."""

from __future__ import annotations

import json
import posixpath
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pollguard.gate.bot_api import (
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
        ("/bot1:a%2Ftest%2fgetUpdates", Call("1:a", "getupdates")),
        ("%2Fbot1:a/getUpdates", Call("1:a", "getupdates")),
        ("/%62ot1:a/close", Call("1:a", "close")),
        ("/bot1:a/TEST/sendMessage", None),
        ("bot1:a/getMe", None),
        ("/bot1:a/deleteWebhook", Call("1:a", "deletewebhook")),
        ("/bot1:a/", None),
        ("/bot1:a", None),
        ("/bot1:a/test/", None),
        ("/file/bot1:a/documents/file_0.txt", Call("1:a", "")),
        ("/file/bot1:a/documents/file%20_0.txt", Call("1:a", "")),
        # A server of one's own tells absolute paths.
        ("/file/bot1:a//var/lib/file_0.txt", Call("1:a", "")),
        ("/file/bot1:a/../../bot1:a/getUpdates", None),
        ("/file/bot1:a/%2e%2e/%2E./bot1:a/getUpdates", None),
        ("/file/bot1:a/%252e%252e/%252e%252e/bot1:a/getUpdates", None),
        ("/file/bot1:a", None),
        # With an empty method the server reads it from the parameters.
        ("/bot1:a/?method=getUpdates", None),
        ("/bot1:a?method=getUpdates", None),
        ("/bot1:a/#getUpdates", None),
        ("/bot1:a/getUpdates#x", None),
        ("//bot1:a/getUpdates", None),
        ("/bot1:a//getUpdates", None),
        ("/./bot1:a/getUpdates", None),
        ("/bot1:a/getMe/../getUpdates", None),
        ("/bot1:a/get%2555pdates", None),
        ("/bot1:a/getUpdates%00", None),
        ("/bot1:a/getUpdates%20", None),
        ("/bot1:a/getUpdates\n", None),
        ("/bot1:a/testgetUpdates", Call("1:a", "testgetupdates")),
        ("http://api.telegram.org/bot1:a/getUpdates", None),
        ("*", None),
        ("/bot1:a/getMe\u0663", None),
        ("/bot1:a/documents/file_0.txt", None),
        ("/", None),
        ("", None),
        ("/health", None),
    ],
)
def test_calls(path: str, expected: Call | None) -> None:
    assert parse_call(path) == expected


@pytest.mark.parametrize(
    ("path", "passed"),
    [
        ("/bot1:a/getMe", "/bot9:real/getMe"),
        ("/bot1:a/test/GetMe?text=a%20b%2F+/bot1:a/", "/bot9:real/test/GetMe?text=a%20b%2F+/bot1:a/"),
        ("/bot1%3Aa%2FgetMe?", "/bot9:real/getMe?"),
        ("/file/bot1:a/d/file%20%2B_%c3%BC.txt?x=%", "/file/bot9:real/d/file%20+_%C3%BC.txt?x=%"),
        ("/file/bot1:a//var/%ff%25.txt", "/file/bot9:real//var/%FF%25.txt"),
    ],
)
def test_the_token_is_exchanged(path: str, passed: str) -> None:
    call = parse_call(path)
    assert call is not None
    assert "9:real".join(call.target) == passed


def as_telegram_reads(target: str) -> str:
    """The method of a target by the rules of Telegram's server, where it decodes, skips and compares."""
    path = unquote(target.partition("#")[0].partition("?")[0])
    if not path.startswith("/bot"):
        return ""
    _token, slash, rest = path[4:].partition("/")
    rest = slash + rest
    method = rest.removeprefix("/test").removeprefix("/")
    return (method or unquote(target.partition("method=")[2])).lower()


PREFIXES = ["", "/", "/.", "/x/..", "/file/bot1:a/../..", "/file", "http://a"]
MIDDLES = ["", "test/", "/", "./", "x/../", "getMe/../", "?method=", "getMe?method="]
METHODS = [*sorted(GUARDED), "getUpdates", "LogOut", "getMe"]
SUFFIXES = ["", "/", "/.", "/..", "?x=1", "#x", "x"]


@st.composite
def targets(draw: st.DrawFn) -> str:
    """Spellings of guarded methods and their like, with characters encoded once or twice."""
    parts = draw(st.tuples(*map(st.sampled_from, (PREFIXES, ["/bot1:a/"], MIDDLES, METHODS, SUFFIXES))))
    text = "".join(parts)
    for position in sorted(draw(st.sets(st.integers(0, len(text) - 1), max_size=6)), reverse=True):
        encoded = draw(st.sampled_from([f"%{ord(text[position]):02x}", f"%25{ord(text[position]):02X}"]))
        text = text[:position] + encoded + text[position + 1 :]
    return text


@settings(max_examples=500, deadline=None)
@given(targets())
def test_no_spelling_of_a_guarded_method_passes_for_another(target: str) -> None:
    """Also not where a proxy in between merges slashes, resolves dots, or decodes once more."""
    call = parse_call(target)
    if call is None or call.method in GUARDED:
        return
    path, question, query = target.partition("?")
    for once in (unquote(path), unquote(unquote(path))):
        for read in (once, posixpath.normpath(once), once.replace("//", "/")):
            assert as_telegram_reads(read + question + query) not in GUARDED, (target, read)


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
        # Telegram reads leading digits, and nothing as 0.
        ({"offset": "700000012.0", "timeout": "30.0"}, 700000012, 30, {}),
        ({"offset": "12abc", "timeout": "7s"}, 12, 7, {}),
        ({"offset": "x", "timeout": " 5"}, 0, 0, {}),
        ({"offset": "-1.5", "timeout": "1e3"}, -1, 1, {}),
        ({"offset": "+7", "timeout": "\u0663"}, 0, 0, {}),
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
