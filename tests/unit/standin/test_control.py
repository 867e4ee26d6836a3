"""Faults on demand, waiting for answers, several bots, forgetting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

Standin = Any


async def test_health(standin: Standin) -> None:
    assert (await standin.control("GET", "/health"))["status"] == "ok"


async def test_answers_are_waited_for(standin: Standin) -> None:
    said = await standin.say("question", chat_id=7)
    path = f"/control/answers?username=aisha_bot&chat_id=7&since={said['cursor']}&timeout=10"
    waiting = asyncio.create_task(standin.control("GET", path))
    await standin.api("sendMessage", chat_id=8, text="to another")
    await standin.api("sendMessage", chat_id=7, text="answer")
    got = await waiting
    assert [(answer["method"], answer["text"]) for answer in got["answers"]] == [("sendMessage", "answer")]
    path = f"/control/answers?chat_id=7&since={got['cursor']}&timeout=0.2"
    started = time.monotonic()
    assert (await standin.control("GET", path))["answers"] == []
    assert 0.15 < time.monotonic() - started < 1


@pytest.mark.parametrize(
    ("fault", "status", "description", "header"),
    [
        ({"error_code": 429, "retry_after": 7}, 429, "Too Many Requests: retry after 7", "7"),
        ({"error_code": 500}, 500, "Internal Server Error: restart", None),
        ({"error_code": 502}, 502, "Bad Gateway", None),
        ({"error_code": 404}, 404, "Not Found", None),
        ({"error_code": 400, "description": "Bad Request: because"}, 400, "Bad Request: because", None),
        ({"error_code": 403, "method": "*"}, 403, "Forbidden: bot was blocked by the user", None),
        ({"error_code": 500, "username": "aisha_bot"}, 500, "Internal Server Error: restart", None),
    ],
)
async def test_fault(
    standin: Standin, fault: dict[str, Any], status: int, description: str, header: str | None
) -> None:
    await standin.control("POST", "/control/fail", **({"method": "getMe", "count": 2} | fault))
    for _ in range(2):
        async with standin.http.get(f"{standin.bot_url}/getMe") as response:
            body = await response.json()
            assert (response.status, body["error_code"], body["description"]) == (status, status, description)
            assert response.headers.get("Retry-After") == header
            assert body.get("parameters", {}).get("retry_after") == fault.get("retry_after")
    assert (await standin.api("getMe"))["ok"]


async def test_fault_of_another_bot_or_method(standin: Standin) -> None:
    await standin.control("POST", "/control/fail", method="getMe", error_code=500, username="other_bot")
    await standin.control("POST", "/control/fail", method="getUpdates", error_code=500, count=-1)
    assert (await standin.api("getMe"))["ok"]
    assert [(await standin.api("getUpdates"))["status"] for _ in range(3)] == [500] * 3
    assert (await standin.control("DELETE", "/control/fail"))["faults"] == []
    assert (await standin.api("getUpdates"))["ok"]


async def test_delay_and_broken_connection(standin: Standin) -> None:
    await standin.control("POST", "/control/fail", method="getMe", delay=0.3)
    started = time.monotonic()
    assert (await standin.api("getMe"))["ok"]
    assert 0.3 <= time.monotonic() - started < 1
    await standin.control("POST", "/control/fail", method="sendMessage", error_code=0)
    with pytest.raises(aiohttp.ClientConnectionError):
        await standin.api("sendMessage", chat_id=7, text="lost")
    assert (await standin.api("sendMessage", chat_id=7, text="comes"))["ok"]


async def test_delayed_poll_that_is_hung_up_is_abandoned(standin: Standin) -> None:
    await standin.control("POST", "/control/fail", method="getUpdates", error_code=500, delay=30)
    poll = asyncio.create_task(standin.api("getUpdates"))
    await standin.parked()
    poll.cancel()
    await standin.parked(0)
    (entry,) = (await standin.control("GET", "/control/log?username=aisha_bot"))["log"]
    assert (entry["outcome"], entry["status"]) == ("abandoned", None)


@pytest.mark.parametrize(
    ("verb", "path", "body", "status"),
    [
        ("POST", "/control/bots", {"token": "123:short", "username": "x_bot"}, 400),
        ("POST", "/control/bots", {"username": "x_bot"}, 400),
        ("DELETE", "/control/bots/no_bot", None, 404),
        ("POST", "/control/say", {"username": "no_bot", "text": "x"}, 404),
        ("POST", "/control/say", {}, 400),
        ("POST", "/control/say", [1], 400),
        ("POST", "/control/fail", {"method": "getMe", "error_code": 200}, 400),
        ("POST", "/control/fail", {"method": "getMe", "oops": 1}, 400),
        ("GET", "/control/log?since=x", None, 400),
        ("POST", "/control/fal/deliver", {}, 400),
        ("POST", "/control/fal/sign", {"sign": "perhaps"}, 400),
    ],
)
async def test_refusals(standin: Standin, verb: str, path: str, body: Any, status: int) -> None:
    async with standin.http.request(verb, standin.server.control_url + path, json=body) as response:
        assert response.status == status
        assert (await response.json())["error"]


async def test_bots_are_apart(standin: Standin, make_token: Callable[[], str]) -> None:
    token = make_token()
    await standin.control("POST", "/control/bots", token=token, username="other_bot")
    listed = (await standin.control("GET", "/control/bots"))["bots"]
    assert [bot["username"] for bot in listed] == ["aisha_bot", "other_bot"]
    assert token not in str(listed)
    await standin.say("to the other", username="other_bot")
    assert (await standin.api("getUpdates"))["result"] == []
    standin.token = token
    assert len((await standin.api("getUpdates"))["result"]) == 1
    async with standin.http.post(
        f"{standin.server.control_url}/control/bots", json={"token": token, "username": "third_bot"}
    ) as response:
        assert response.status == 400


async def test_reset_forgets_all_but_bots_and_ids(standin: Standin) -> None:
    first = await standin.say("forgotten")
    await standin.api("getUpdates")
    await standin.api("sendMessage", chat_id=7, text="forgotten")
    await standin.control("POST", "/control/fail", method="getMe", error_code=500)
    await standin.control("POST", "/control/reset")
    summary = await standin.polls()
    assert (summary["polls"], summary["pending"], summary["delivered"]) == (0, 0, {})
    assert (await standin.control("GET", "/control/log"))["log"] == []
    assert (await standin.control("GET", "/control/answers"))["answers"] == []
    assert (await standin.api("getMe"))["ok"]
    assert (await standin.say("new"))["update_id"] == first["update_id"] + 1
