"""What the gate reads in a request: token, method, parameters. All else is refused in JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from urllib.parse import parse_qsl

import pytest
from gate_inside import InsideGate, answering, serving
from pollguard.gate.alias import alias_of
from pollguard.gate.bot_api import PERMISSIONS
from pollguard.gate.offsets import Position
from standin_process import Account


@pytest.fixture
async def active(account: Account) -> AsyncIterator[InsideGate]:
    async with serving(InsideGate(account.standin.url, account.token), Position()) as gate:
        yield gate


async def send_raw(gate: InsideGate, head: str, body: bytes = b"") -> tuple[int, dict[str, object]]:
    """One request as it stands, which no client corrects; returns the status and the JSON body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gate.port)
    try:
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        writer.write(f"{head}\r\nHost: x\r\nConnection: close\r\n{length}\r\n".encode() + body)
        answer = await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()
    headers, _blank, found = answer.partition(b"\r\n\r\n")
    return int(headers.split()[1]), json.loads(found)


@pytest.mark.parametrize(
    "method", ["getUpdates?offset=9999", "deleteWebhook", "getMe", "sendMessage?chat_id=1"]
)
async def test_only_the_whole_token_is_let_in(active: InsideGate, account: Account, method: str) -> None:
    account.say("private")
    identity = active.token.partition(":")[0]
    for token in (f"{identity}:bogus", f"{identity}:", identity, active.token[:-1], active.token + "x"):
        status, body = await send_raw(active, f"GET /bot{token}/{method} HTTP/1.1")
        assert (status, body["error_code"], body["description"]) == (401, 401, "Unauthorized")
    status, _body = await send_raw(active, f"GET /file/bot{identity}:bogus/documents/file_0.txt HTTP/1.1")
    assert status == 401
    assert account.polls()["polls"] == 0
    assert account.polls()["pending"] == 1


@pytest.mark.parametrize(
    "target",
    [
        "/bot{token}/?method=getUpdates",
        "/bot{token}?method=logOut",
        "//bot{token}/logOut",
        "/bot{token}//logOut",
        "/x/../bot{token}/logOut",
        "/bot{token}/getMe%2f..%2flogOut",
        "/bot{token}/#/logOut",
        "http://127.0.0.1/bot{token}/logOut",
        "/file/bot{token}/%2e%2e/%2e%2e/bot{token}/logOut",
        "/anything",
    ],
)
async def test_a_target_that_is_not_understood_is_refused(target: str) -> None:
    async with (
        answering() as upstairs,
        serving(InsideGate(upstairs.url, "1:x", frozenset(PERMISSIONS))) as gate,
    ):
        for verb in ("GET", "POST"):
            head = f"{verb} {target.format(token=gate.token)} HTTP/1.1"
            assert (await send_raw(gate, head))[0] in (400, 404)
        assert upstairs.seen == []


@pytest.mark.parametrize(
    "target", ["/bot1%3ax/log%4fut", "/bot1:x%2FlogOut", "/%62ot1:x/LOGOUT", "/bot1:x/test/logOut"]
)
async def test_encoded_spellings_are_guarded(target: str) -> None:
    async with (
        answering() as upstairs,
        serving(InsideGate(upstairs.url, "1:x", frozenset(PERMISSIONS))) as gate,
    ):
        status, body = await send_raw(gate, f"POST {target} HTTP/1.1")
        assert (status, body["error_code"]) == (403, 403)
        assert upstairs.seen == []


PART = b'--b\r\nContent-Disposition: form-data; name="offset"\r\n%s\r\n%s\r\n'


@pytest.mark.parametrize(
    "extra", [b"", b"Content-Type: text/plain\r\n", b"Content-Type: application/octet-stream\r\n"]
)
async def test_every_part_without_a_file_name_is_a_parameter(
    active: InsideGate, account: Account, extra: bytes
) -> None:
    updates = [account.say(text) for text in "ab"]
    assert await active.poll(timeout=0) == updates
    body = PART % (extra, str(updates[1]).encode()) + PART % (extra, b"1") + b"--b--\r\n"
    head = f"POST /bot{active.token}/getUpdates HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b"
    status, answer = await send_raw(active, head, body)
    assert (status, [each["update_id"] for each in answer["result"]]) == (200, updates[1:])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data; boundary=b", b"nothing of a form"),
        ("multipart/form-data", b"--b\r\n\r\n"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b", PART % (b"", b"1")),
        (
            "multipart/form-data; boundary=b",
            PART % (b"Content-Type: text/plain; charset=none\r\n", b"1") + b"--b--\r\n",
        ),
        ("multipart/form-data; boundary=b", PART % (b"", b"\xff") + b"--b--\r\n"),
        ("application/x-www-form-urlencoded; charset=none", b"offset=1"),
        ("application/json", b"\xff"),
        ("application/json", b"["),
    ],
)
async def test_a_broken_body_is_refused_in_json(active: InsideGate, content_type: str, body: bytes) -> None:
    head = f"POST /bot{active.token}/getUpdates HTTP/1.1\r\nContent-Type: {content_type}"
    status, answer = await send_raw(active, head, body)
    assert (status, answer["error_code"]) == (400, 400)


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded"])
async def test_a_body_over_the_limit_is_refused_in_json(active: InsideGate, content_type: str) -> None:
    head = f"POST /bot{active.token}/getUpdates HTTP/1.1\r\nContent-Type: {content_type}"
    status, answer = await send_raw(active, head, b"x" * 3 * 1024 * 1024)
    assert (status, answer["error_code"]) == (413, 413)


async def test_the_alias_is_exchanged_both_ways(account: Account) -> None:
    """The bot knows the alias alone: with it everything works at the gate, and nothing elsewhere."""
    alias = alias_of(account.token)
    gate = InsideGate(account.standin.url, account.token, given=alias)
    async with serving(gate, Position()):
        update = account.say("hello")
        assert await gate.poll(timeout=0) == [update]
        assert (await gate.call("getMe"))["result"]["is_bot"] is True
        assert not gate.gate.token_refused
        status, body = await send_raw(gate, f"GET /bot{account.token}/getMe HTTP/1.1")
        assert (status, body["description"]) == (401, "Unauthorized")
        assert gate.gate.token_refused
        async with gate.client.get(f"{account.standin.url}/bot{alias}/getUpdates") as around:
            assert around.status == 401


@pytest.mark.parametrize(
    "head",
    [
        "GET http://[bad/bot1:x/getMe HTTP/1.1",
        "GET bot1:x/getMe HTTP/1.1",
        "GET /bot1:x/\u00e9 HTTP/1.1",
        "GET http://a:99999/bot1:x/getMe HTTP/1.1",
        "GET /bot1:x/getMe HTTP/1.1\r\nNo colon",
        "GET /bot1:x/getMe HTTP/9.9",
        "POST /bot1:x/getMe HTTP/1.1\r\nContent-Length: many",
        "POST /bot1:x/getMe HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "nonsense",
        f"GET /bot1:x/sendMessage?text={'x' * 70_000} HTTP/1.1",
        f"GET /bot1:x/getMe HTTP/1.1\r\nX-Odd: {'x' * 70_000}",
    ],
    ids=lambda head: head[:60],
)
async def test_what_is_no_http_is_refused_in_json(head: str, caplog: pytest.LogCaptureFixture) -> None:
    async with answering() as upstairs, serving(InsideGate(upstairs.url, "1:x")) as gate:
        status, body = await send_raw(gate, head)
        assert (status, body["ok"], body["error_code"]) == (400, False, 400)
        assert ("too long" in str(body["description"])) == (len(head) > 10_000)
        assert upstairs.seen == []
        lines = [record.getMessage() for record in caplog.records]
        assert len(lines) == 1
        assert lines[0].startswith("a request of COMMAND's can't be parsed as HTTP: ")
        assert caplog.records[0].exc_info is None
        # The gate itself is unharmed.
        assert (await gate.call("getMe"))["status"] == 200


async def test_a_failure_of_the_gates_own_is_reported_in_json(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with answering() as upstairs, serving(InsideGate(upstairs.url, "1:x")) as gate:
        monkeypatch.setattr(gate.gate, "_pass", None)
        answer = await gate.call("getMe")
        assert (answer["status"], answer["error_code"]) == (500, 500)
    assert [record.getMessage() for record in caplog.records] == ["a request of COMMAND's failed"]
    assert "TypeError" in caplog.text


async def test_the_longest_message_fits_into_a_url() -> None:
    text = "\U0001f600" * 4096
    async with answering() as upstairs, serving(InsideGate(upstairs.url, "1:x")) as gate:
        async with gate.client.get(f"{gate.url}/bot1:x/sendMessage", params={"text": text}) as got:
            assert (await got.json())["result"] is True
        assert dict(parse_qsl(upstairs.seen[0].path.partition("?")[2])) == {"text": text}


@pytest.mark.parametrize("method", ["getUpdates", "setWebhook", "sendMessage"])
async def test_a_client_that_waits_to_be_asked_for_its_body_is_asked(method: str) -> None:
    async with answering() as upstairs, serving(InsideGate(upstairs.url, "1:x")) as gate:
        reader, writer = await asyncio.open_connection("127.0.0.1", gate.port)
        head = f"POST /bot1:x/{method} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n"
        writer.write(f"{head}Content-Type: application/json\r\nExpect: 100-continue\r\n\r\n".encode())
        assert await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5) == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"{}")
        answer = await asyncio.wait_for(reader.read(), 5)
        assert answer.startswith(b"HTTP/1.1 200")
        writer.close()
