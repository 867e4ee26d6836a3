"""The Bot API over real connections: tokens, ways to pass parameters, conflicts, clients that hang up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from standin.polling import OTHER_POLL, WEBHOOK_ACTIVE, WEBHOOK_SET

Standin = Any
MASK = ":***"


async def get(standin: Standin, path: str) -> tuple[int, Any]:
    async with standin.http.get(standin.server.url + path) as response:
        return response.status, await response.json()


def poll(standin: Standin, **params: Any) -> asyncio.Task[dict[str, Any]]:
    return asyncio.create_task(standin.api("getUpdates", **params))


@pytest.mark.parametrize(
    ("token", "front", "status", "description"),
    [
        ("123456:" + "a" * 30, False, 401, "Unauthorized"),
        ("123456:" + "a" * 30, True, 401, "Unauthorized"),
        ("", False, 401, "Unauthorized: invalid token specified"),
        ("123456", False, 401, "Unauthorized: invalid token specified"),
        ("0123:" + "a" * 30, False, 401, "Unauthorized: invalid token specified"),
        ("123:" + "a" * 23, False, 401, "Unauthorized: invalid token specified"),
        ("123:" + "a" * 77, False, 401, "Unauthorized: invalid token specified"),
        ("123:" + "a" * 30 + "!", False, 401, "Unauthorized: invalid token specified"),
        ("123456", True, 404, "Not Found"),
    ],
)
async def test_tokens(standin: Standin, token: str, front: bool, status: int, description: str) -> None:
    standin.world.front = front
    body = {"ok": False, "error_code": status, "description": description}
    assert await get(standin, f"/bot{token}/getMe") == (status, body)


async def test_get_me_is_a_bot(standin: Standin) -> None:
    me = (await standin.api("getMe"))["result"]
    assert me["is_bot"] is True
    assert (me["id"], me["username"]) == (int(standin.token.split(":")[0]), "aisha_bot")
    assert {"can_join_groups", "can_read_all_group_messages", "supports_inline_queries"} <= set(me)


@pytest.mark.parametrize("name", ["getme", "GETME", "GetMe"])
async def test_names_in_any_case(standin: Standin, name: str) -> None:
    assert (await standin.api(name))["ok"]


@pytest.mark.parametrize("path", ["", "/nothing", "/file", "/file/", "/bot", "/bots"])
async def test_other_paths(standin: Standin, path: str) -> None:
    assert (await get(standin, path))[0] == 404


async def test_unknown_method(standin: Standin) -> None:
    answer = await standin.api("getNothing")
    assert (answer["status"], answer["description"]) == (404, "Not Found: method not found")


async def test_parameters_in_every_way(standin: Standin) -> None:
    url = f"{standin.bot_url}/sendMessage"
    form = aiohttp.FormData({"chat_id": "7", "text": "multipart"}, default_to_multipart=True)
    ways: list[tuple[str, dict[str, Any]]] = [
        ("GET", {"params": {"chat_id": "7", "text": "query"}}),
        ("POST", {"params": {"chat_id": "7", "text": "query of a POST"}}),
        ("POST", {"data": {"chat_id": "7", "text": "form"}}),
        ("POST", {"data": form}),
        ("POST", {"json": {"chat_id": 7, "text": "JSON"}}),
        ("POST", {"json": {"chat_id": 8, "text": "both"}, "params": {"chat_id": "7"}}),
    ]
    for verb, how in ways:
        async with standin.http.request(verb, url, **how) as response:
            assert response.status == 200, await response.text()
    answers = (await standin.control("GET", "/control/answers"))["answers"]
    assert [answer["text"] for answer in answers] == [
        "query",
        "query of a POST",
        "form",
        "multipart",
        "JSON",
        "both",
    ]
    assert {answer["chat_id"] for answer in answers} == {7}


async def test_message_reaches_a_waiting_poll_at_once(standin: Standin) -> None:
    waiting = poll(standin, timeout=30)
    await standin.parked()
    started = time.monotonic()
    said = await standin.say("/start now", chat_id=42)
    (update,) = (await waiting)["result"]
    assert time.monotonic() - started < 0.5
    assert update["update_id"] == said["update_id"]
    message = update["message"]
    assert (message["text"], message["chat"]["id"], message["from"]["id"]) == ("/start now", 42, 42)
    assert message["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]


async def test_two_polls_conflict_and_are_counted(standin: Standin) -> None:
    older = poll(standin, timeout=30)
    await standin.parked()
    newer = poll(standin, timeout=30)
    assert await older == {"ok": False, "error_code": 409, "description": OTHER_POLL, "status": 409}
    said = await standin.say("hello")
    assert [update["update_id"] for update in (await newer)["result"]] == [said["update_id"]]
    summary = await standin.polls()
    assert (summary["polls"], summary["overlaps"], summary["conflicts"]) == (2, 1, 1)
    assert list(summary["delivered"]) == [str(said["update_id"])]
    assert len(summary["delivered"][str(said["update_id"])]) == 1
    assert (summary["confirmed"], summary["pending"]) == (0, 1)
    (overlap,) = summary["overlap_details"]
    assert overlap["older"]["peer"] != overlap["newer"]["peer"]


async def test_hung_up_poll_stops_counting_at_once(standin: Standin) -> None:
    async with aiohttp.ClientSession() as session:
        older = asyncio.create_task(session.get(f"{standin.bot_url}/getUpdates", params={"timeout": "30"}))
        await standin.parked()
        older.cancel()
    await standin.parked(0)
    newer = poll(standin, timeout=30)
    await standin.parked()
    said = await standin.say("hello")
    assert [update["update_id"] for update in (await newer)["result"]] == [said["update_id"]]
    summary = await standin.polls()
    assert (summary["polls"], summary["overlaps"], summary["conflicts"]) == (2, 0, 0)
    log = (await standin.control("GET", "/control/log"))["log"]
    assert [entry["outcome"] for entry in log] == ["abandoned", "ok"]


async def test_hand_over_between_connections_is_no_overlap(standin: Standin) -> None:
    """One client closes its connection, another polls in the same breath."""
    request = f"GET /bot{standin.token}/getUpdates?timeout=30 HTTP/1.1\r\nHost: x\r\nUser-Agent: %s\r\n\r\n"
    writers: list[asyncio.StreamWriter] = []
    for number in range(20):
        _, writer = await asyncio.open_connection(standin.server.host, standin.server.port)
        if writers:
            writers[-1].close()
        writer.write((request % f"bot-{number % 2}").encode())
        writers.append(writer)
        await standin.until(lambda n=number: standin.world.by_username(None).watch.polls == n + 1)
        await standin.parked()
    summary = await standin.polls()
    assert (summary["polls"], summary["overlaps"]) == (20, 0)
    assert summary["user_agents"] == {"bot-0": 10, "bot-1": 10}
    assert len(summary["handovers"]) == 19
    assert summary["handovers"][0]["from"].startswith("bot-0 @ 127.0.0.1")
    assert 0 <= summary["max_gap_s"] < 0.5
    writers[-1].close()


async def test_gap_is_the_longest_time_without_a_poll(standin: Standin) -> None:
    await standin.api("getUpdates")
    await asyncio.sleep(0.4)
    await standin.api("getUpdates", offset=1)
    await standin.api("getUpdates", offset=2)
    assert 0.4 <= (await standin.polls())["max_gap_s"] < 0.8


async def test_same_offset_again_waits_three_seconds(standin: Standin) -> None:
    await standin.api("getUpdates", offset=5)
    started = time.monotonic()
    assert (await standin.api("getUpdates", offset=5))["result"] == []
    assert 2.9 < time.monotonic() - started < 3.5


async def test_second_conflict_within_three_seconds_waits_three_more(standin: Standin) -> None:
    first = poll(standin, timeout=30)
    await standin.parked()
    second = poll(standin, timeout=30)
    assert (await first)["status"] == 409
    await standin.parked()
    started = time.monotonic()
    third = poll(standin, timeout=30)
    assert (await second)["status"] == 409
    assert 2.9 < time.monotonic() - started < 3.5
    await standin.say("hello")
    assert (await third)["status"] == 200


async def test_webhook_and_polling_exclude_each_other(standin: Standin) -> None:
    waiting = poll(standin, timeout=30)
    await standin.parked()
    url = "https://example.org/hook"
    assert (await standin.api("setWebhook", url=url))["description"] == "Webhook was set"
    assert (await waiting)["description"] == WEBHOOK_SET
    await standin.say("pends")
    info = (await standin.api("getWebhookInfo"))["result"]
    assert (info["url"], info["has_custom_certificate"], info["pending_update_count"]) == (url, False, 1)
    refused = await standin.api("getUpdates", timeout=30)
    assert (refused["status"], refused["description"]) == (409, WEBHOOK_ACTIVE)
    assert (await standin.api("deleteWebhook"))["description"] == "Webhook was deleted"
    assert len((await standin.api("getUpdates"))["result"]) == 1


async def test_revoked_token_ends_the_waiting_poll(standin: Standin, make_token: Callable[[], str]) -> None:
    waiting = poll(standin, timeout=30)
    await standin.parked()
    renewed = make_token()
    await standin.control("POST", "/control/bots", token=renewed, username=standin.username)
    assert (await waiting)["description"] == "Unauthorized"
    assert (await standin.api("getMe"))["status"] == 401
    standin.token = renewed
    waiting = poll(standin, timeout=30)
    await standin.parked()
    await standin.control("DELETE", f"/control/bots/{standin.username}")
    assert (await waiting)["status"] == 401
    assert (await standin.api("getMe"))["description"] == "Unauthorized"


async def test_log_shows_everything_but_the_token(standin: Standin) -> None:
    secret = standin.token.split(":")[1]
    await standin.api("setWebhook", url=f"https://example.org/{standin.token}")
    await standin.api("sendMessage", chat_id=7, text=f"my secret is {secret}")
    await get(standin, f"/bot{standin.token[:-1]}/getMe")
    async with standin.http.get(f"{standin.server.control_url}/control/log") as response:
        text = await response.text()
        log = (await response.json())["log"]
    assert secret[:-1] not in text
    assert [(entry["method"], entry["status"], entry["username"]) for entry in log] == [
        ("setWebhook", 200, "aisha_bot"),
        ("sendMessage", 200, "aisha_bot"),
        ("getMe", 401, None),
    ]
    assert all(entry["token"].endswith(MASK) for entry in log)
    assert all(entry["started"] <= entry["ended"] for entry in log)
    assert log[1]["params"]["chat_id"] == "7"
    assert log[1]["peer"].startswith("127.0.0.1:")
    assert log[1]["user_agent"].startswith("Python/")


async def test_log_cursor_waits_for_requests_in_flight(standin: Standin) -> None:
    await standin.api("getMe")
    waiting = poll(standin, timeout=30)
    await standin.parked()
    await standin.api("getMe")
    first = await standin.control("GET", "/control/log")
    assert [entry["ended"] is None for entry in first["log"]] == [False, True, False]
    await standin.say("hello")
    await waiting
    second = await standin.control("GET", f"/control/log?since={first['cursor']}")
    assert [(entry["method"], entry["outcome"]) for entry in second["log"]] == [
        ("getUpdates", "ok"),
        ("getMe", "ok"),
    ]
    assert second["log"][0]["updates"]
    assert (await standin.control("GET", f"/control/log?since={second['cursor']}"))["log"] == []
