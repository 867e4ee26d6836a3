"""The bot finds the token that it was given in replies, never the real one."""

from __future__ import annotations

import gzip
import json
import random
import zlib
from dataclasses import dataclass

import pytest
from aiohttp import web
from gate_inside import InsideGate, answering, serving
from pollguard.gate.bot_api import PERMISSIONS
from pollguard.gate.offsets import Position
from pollguard_harness import make_token

ALL = frozenset(PERMISSIONS)


@dataclass(frozen=True)
class Form:
    """How a response comes, and how it spells the token."""

    size: int = 0
    is_chunked: bool = False
    encoding: str = ""
    content_type: str = "application/json"
    colon: str = ":"
    status: int = 200

    def response(self, token: str) -> web.Response:
        spelled = token.replace(":", self.colon)
        update = {"update_id": 1, "message": {"text": f"my token is {spelled}"}}
        padding = "".join(random.Random(1).choices("0123456789", k=self.size))  # noqa: S311 (no secret)
        body = json.dumps({"ok": True, "result": [update], "padding": padding}).encode()
        headers = {"Content-Type": self.content_type, "Location": f"https://x/bot{spelled}/getMe"}
        if self.encoding:
            body = gzip.compress(body) if self.encoding == "gzip" else zlib.compress(body)
            headers["Content-Encoding"] = self.encoding
        response = web.Response(status=self.status, body=body, headers=headers)
        if self.is_chunked:
            response.enable_chunked_encoding()
        return response


@pytest.mark.parametrize("method", ["getMe", "getUpdates", "deleteWebhook"])
@pytest.mark.parametrize(
    "form",
    [
        Form(),
        Form(is_chunked=True),
        Form(size=70_000),
        Form(size=70_000, is_chunked=True),
        Form(encoding="gzip"),
        Form(encoding="deflate", is_chunked=True),
        Form(size=200_000, encoding="gzip"),
        Form(content_type="text/html", is_chunked=True),
        Form(colon="%3A"),
        Form(colon="\\u003a"),
        Form(status=400),
    ],
    ids=str,
)
async def test_a_reply_shows_the_alias_for_the_token(method: str, form: Form) -> None:
    token, alias = "7:" + make_token().partition(":")[2], "7:alias"

    async def answer(_request: web.BaseRequest) -> web.StreamResponse:
        return form.response(token)

    async with (
        answering(answer) as upstairs,
        serving(InsideGate(upstairs.url, token, ALL, given=alias), Position()) as gate,
    ):
        # What a bot asks for must not bring what the gate can't read.
        headers = {"Accept-Encoding": "gzip, deflate, br"}
        url = f"{gate.url}/bot{alias}/{method}"
        async with gate.client.post(url, headers=headers, allow_redirects=False) as got:
            text = (await got.read()).decode()
            raw = text + str(got.headers)
        assert "my token is 7" in text
        assert text.count("alias") == 1
        assert token.partition(":")[2] not in raw
        assert "Content-Encoding" not in got.headers
        assert {seen.header("Accept-Encoding") for seen in upstairs.seen} == {"identity"}
        assert [seen.path.partition("?")[0] for seen in upstairs.seen] == [
            f"/bot{token}/{method if method[0] != 'd' else method.lower()}"
        ]


async def test_a_redirect_shows_the_alias_for_the_token() -> None:
    """The Bot API's own server redirects http to https, with the whole path."""
    token, alias = "7:" + make_token().partition(":")[2], "7:alias"

    async def answer(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=301, headers={"Location": f"https://x/bot{token}/getMe"})

    async with (
        answering(answer) as upstairs,
        serving(InsideGate(upstairs.url, token, given=alias)) as gate,
        gate.client.get(f"{gate.url}/bot{alias}/getMe", allow_redirects=False) as got,
    ):
        assert (got.status, got.headers["Location"]) == (301, f"https://x/bot{alias}/getMe")


async def test_a_file_is_passed_on_as_it_is() -> None:
    """It is the user's, whatever it holds; what else comes of its address shows the alias."""
    token, alias = "7:" + make_token().partition(":")[2], "7:alias"
    status, encoded = 200, gzip.compress(token.encode())

    async def answer(_request: web.BaseRequest) -> web.StreamResponse:
        headers = {"Content-Encoding": "gzip", "Location": f"https://x/file/bot{token}/a"}
        return web.Response(status=status, body=encoded, headers=headers)

    async with (
        answering(answer) as upstairs,
        serving(InsideGate(upstairs.url, token, given=alias)) as gate,
    ):
        for status, expected in ((200, encoded), (301, alias.encode())):
            url = f"{gate.url}/file/bot{alias}/a"
            async with gate.client.get(
                url, allow_redirects=False, headers={"Accept-Encoding": "gzip"}
            ) as got:
                assert (got.status, await got.read()) == (status, expected)
                assert got.headers["Location"] == f"https://x/file/bot{alias}/a"
        assert upstairs.seen[0].header("Accept-Encoding") == "gzip"
