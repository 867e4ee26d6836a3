"""What passes the gate: everything but what moves the queue, unchanged and streamed."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from gate_inside import InsideGate, Seen, answering, serving, until
from pollguard.gate.offsets import Position
from pollguard_harness import free_port, make_token
from yarl import URL

TOKEN = make_token()
MB = 1024 * 1024
LARGE = 60
"""MB of a file: what a bot may send with a local server is more, what Telegram takes is 50."""


def form(**fields: str) -> aiohttp.FormData:
    data = aiohttp.FormData(fields)
    data.add_field("photo", b"\x89PNG\r\n" * 50, filename="ü.png", content_type="image/png")
    return data


@pytest.mark.parametrize(
    ("verb", "path", "sent"),
    [
        ("GET", f"/bot{TOKEN}/getMe", {}),
        ("GET", f"/bot{TOKEN}/sendMessage?chat_id=1&text=a%20b%2Fc+d", {}),
        ("POST", f"/bot{TOKEN}/sendMessage", {"data": {"chat_id": "1", "text": "ü & ?"}}),
        ("POST", f"/bot{TOKEN}/sendMessage", {"json": {"chat_id": 1, "text": "x" * 4096}}),
        ("POST", f"/bot{TOKEN}/sendPhoto?chat_id=1", {"data": form(caption="c")}),
        ("POST", f"/bot{TOKEN}/SENDPHOTO", {"data": form(chat_id="1", caption="c" * 70_000)}),
        ("POST", f"/bot{TOKEN}/test/sendMessage", {"json": {"chat_id": 1}}),
        ("GET", f"/bot{TOKEN}/getWebhookInfo", {}),
        # Another bot is none of the gate's business, as long as it doesn't poll.
        ("POST", "/bot1:other/sendMessage", {"json": {}}),
        ("GET", f"/file/bot{TOKEN}/documents/file%20_0.txt", {}),
        ("GET", f"/file/bot{TOKEN}/documents/file_0.txt", {"headers": {"Range": "bytes=5-9"}}),
        ("OPTIONS", f"/bot{TOKEN}/getMe", {}),
    ],
)
async def test_requests(verb: str, path: str, sent: dict[str, Any]) -> None:
    async with answering() as upstairs, serving(InsideGate(upstairs.url, TOKEN)) as gate:
        headers = {"User-Agent": "bot/1", "X-Odd": "a, b", **sent.pop("headers", {})}
        bodies = {}
        # Once straight and once through the gate; a form's boundary is made once.
        for place in (upstairs.url, gate.url):
            url = URL(place + path, encoded=True)
            if "data" in sent and isinstance(sent["data"], aiohttp.FormData):
                payload = sent["data"]()
                raw = _Kept()
                await payload.write(raw)  # type: ignore[arg-type]
                sent = {"data": bytes(raw.kept)}
                headers["Content-Type"] = payload.content_type
            async with gate.client.request(verb, url, headers=headers, **sent) as answer:
                bodies[place] = (answer.status, await answer.read())
        straight, passed = upstairs.seen
        assert (passed.method, passed.path, passed.body) == (straight.method, straight.path, straight.body)
        assert comparable(passed) == comparable(straight)
        assert bodies[upstairs.url] == bodies[gate.url]


def comparable(seen: Seen) -> list[tuple[str, str]]:
    own = ("host", "accept-encoding")
    return sorted((name.lower(), value) for name, value in seen.headers if name.lower() not in own)


class _Kept:
    def __init__(self) -> None:
        self.kept = bytearray()

    async def write(self, data: bytes) -> None:
        self.kept += data


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (200, {"Content-Type": "application/json"}, b'{"ok":true,"result":{}}'),
        (200, {"Content-Type": "application/octet-stream", "ETag": '"x"'}, b"\0\xff" * 50_000),
        (206, {"Content-Range": "bytes 5-9/10", "Content-Type": "text/plain"}, b"56789"),
        (301, {"Location": "/elsewhere"}, b""),
        (400, {"Content-Type": "application/json"}, b'{"ok":false,"error_code":400,"description":"Bad"}'),
        (401, {"Content-Type": "application/json"}, b'{"ok":false,"error_code":401}'),
        (403, {}, b"{}"),
        (404, {}, b""),
        (409, {}, b"{}"),
        (
            429,
            {"Retry-After": "7", "Content-Type": "application/json"},
            b'{"ok":false,"error_code":429,"parameters":{"retry_after":7}}',
        ),
        (502, {"Content-Type": "text/html"}, b"<html>Bad Gateway</html>"),
    ],
)
async def test_answers(status: int, headers: dict[str, str], body: bytes) -> None:
    async def answer(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=status, headers=headers | {"Set-Cookie": "a=b", "X-Odd": "1"}, body=body)

    async with answering(answer) as upstairs, serving(InsideGate(upstairs.url, TOKEN)) as gate:
        found = []
        for place in (upstairs.url, gate.url):
            url = f"{place}/bot{TOKEN}/sendMessage"
            async with gate.client.post(url, data={"a": "b"}, allow_redirects=False) as got:
                found.append((got.status, got.reason, sorted(got.headers.items()), await got.read()))
        straight, passed = found
        assert _without_date(passed) == _without_date(straight)
        assert passed[0] == status
        assert passed[3] == body


def _without_date(answer: tuple[int, str | None, list[tuple[str, str]], bytes]) -> tuple[Any, ...]:
    return (*answer[:2], [h for h in answer[2] if h[0] != "Date"], answer[3])


def resident() -> int:
    """Bytes of memory that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


async def pieces(memory: list[int]) -> AsyncIterator[bytes]:
    for number in range(LARGE):
        memory.append(resident())
        yield bytes([number]) * MB


EXPECTED = hashlib.sha256(b"".join(bytes([n]) * MB for n in range(LARGE))).hexdigest()


@pytest.mark.parametrize("length", [None, LARGE * MB], ids=["chunked", "length"])
async def test_uploads_are_streamed(length: int | None) -> None:
    memory: list[int] = []
    sums: list[str] = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        digest = hashlib.sha256()
        async for chunk in request.content.iter_any():
            digest.update(chunk)
        sums.append(digest.hexdigest())
        return web.json_response({"ok": True})

    async with answering(answer) as upstairs, serving(InsideGate(upstairs.url, TOKEN)) as gate:
        upstairs.keeps_bodies = False
        before = resident()
        headers = {"Content-Length": str(length)} if length else {}
        url = f"{gate.url}/bot{TOKEN}/sendDocument"
        async with gate.client.post(url, data=pieces(memory), headers=headers) as got:
            assert got.status == 200
        assert sums == [EXPECTED]
        assert upstairs.seen[0].header("Content-Length") == (str(length) if length else None)
        assert max(memory) - before < LARGE * MB / 3


@pytest.mark.parametrize("length", [None, LARGE * MB], ids=["chunked", "length"])
async def test_downloads_are_streamed(length: int | None) -> None:
    memory: list[int] = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_length = length
        await response.prepare(request)
        async for piece in pieces(memory):
            await response.write(piece)
        await response.write_eof()
        return response

    async with answering(answer) as upstairs, serving(InsideGate(upstairs.url, TOKEN)) as gate:
        before = resident()
        digest = hashlib.sha256()
        async with gate.client.get(f"{gate.url}/file/bot{TOKEN}/a") as got:
            assert got.content_length == length
            async for chunk in got.content.iter_any():
                digest.update(chunk)
        assert digest.hexdigest() == EXPECTED
        assert max(memory) - before < LARGE * MB / 3


async def test_an_answer_that_is_cut_short_is_cut_short(caplog: pytest.LogCaptureFixture) -> None:
    """And not taken for the whole of it."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_length = MB
        await response.prepare(request)
        await response.write(b"x" * 1000)
        assert request.transport is not None
        request.transport.abort()
        return response

    async with answering(answer) as upstairs, serving(InsideGate(upstairs.url, TOKEN)) as gate:
        with pytest.raises(aiohttp.ClientError):
            async with gate.client.get(f"{gate.url}/file/bot{TOKEN}/a") as got:
                await got.read()
    assert TOKEN not in caplog.text


async def test_who_hangs_up_ends_the_call() -> None:
    ended = asyncio.Event()

    async def answer(_request: web.BaseRequest) -> web.StreamResponse:
        try:
            await asyncio.sleep(30)
        finally:
            ended.set()
        raise AssertionError("nobody hung up")

    async with answering(answer) as upstairs, serving(InsideGate(upstairs.url, TOKEN)) as gate:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await gate.call("sendMessage", chat_id=1)
        await asyncio.wait_for(ended.wait(), 2)
        assert gate.gate.calls == 0


@pytest.mark.parametrize(
    ("path", "length"),
    [("getUpdates", 2), ("sendMessage", 2), (f"/file/bot{TOKEN}/large", 9 * MB)],
)
async def test_who_leaves_while_it_is_answered_is_no_error(
    path: str, length: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Between an answer's start and its end: later than what cancels a call, so that writing fails."""
    gone: list[web.StreamResponse] = []
    prepare = web.StreamResponse.prepare

    async def leaving(response: web.StreamResponse, request: web.BaseRequest) -> object:
        started = await prepare(response, request)
        if request.url.port == gate.port and not gone:
            assert request.transport is not None
            request.transport.abort()
            gone.append(response)
        return started

    async def answer(_request: web.BaseRequest) -> web.StreamResponse:
        body = b'{"ok": true, "result": []}' if length == 2 else b"x" * length
        return web.Response(body=body, content_type="application/json")

    async with (
        answering(answer) as upstairs,
        serving(InsideGate(upstairs.url, TOKEN), Position()) as gate,
    ):
        monkeypatch.setattr(web.StreamResponse, "prepare", leaving)
        url = path if path.startswith("/") else f"/bot{TOKEN}/{path}"
        with pytest.raises(aiohttp.ClientError):
            async with gate.client.post(gate.url + url) as got:
                await got.read()
        assert gone
        async with gate.client.post(gate.url + url) as got:
            assert len(await got.read()) >= length
    assert [one for one in caplog.records if one.name.startswith(("aiohttp", "pollguard"))] == []


async def test_calls_are_counted_while_they_last() -> None:
    goes_on = asyncio.Event()

    async def answer(_request: web.BaseRequest) -> web.StreamResponse:
        await goes_on.wait()
        return web.json_response({"ok": True})

    async with answering(answer) as upstairs, serving(InsideGate(upstairs.url, TOKEN)) as gate:
        calls = [asyncio.ensure_future(gate.call("sendMessage", chat_id=i)) for i in range(5)]
        await until(lambda: gate.gate.calls == 5)
        assert gate.gate.called_at is None
        goes_on.set()
        await asyncio.gather(*calls)
        assert gate.gate.calls == 0
        assert gate.gate.called_at is not None


async def test_a_reply_that_the_gate_cannot_read_is_not_passed_on() -> None:
    """It may hold the token."""

    async def answer(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(headers={"Content-Encoding": "br"}, body=b"compressed")

    async with answering(answer) as upstairs, serving(InsideGate(upstairs.url, TOKEN)) as gate:
        got = await gate.call("getWebhookInfo")
    assert (got["status"], got["description"]) == (
        502,
        "Bad Gateway: 127.0.0.1 gave a response that can't be read: Content-Encoding br isn't supported",
    )


async def test_a_bot_api_that_isnt_there() -> None:
    async with serving(InsideGate(f"http://127.0.0.1:{free_port()}", TOKEN)) as gate:
        answer = await gate.call("sendMessage", chat_id=1)
        assert (answer["ok"], answer["status"], answer["error_code"]) == (False, 502, 502)
        assert answer["description"].startswith("Bad Gateway: 127.0.0.1 can't be reached: ")
