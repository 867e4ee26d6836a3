"""Users who write at a steady pace, and when a poll could receive nothing any more."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

Standin = Any


async def test_users_write_at_a_steady_pace(standin: Standin) -> None:
    await standin.control("POST", "/control/load", text="load", per_second=100, chat_id=5000)
    bot = standin.world.by_username(standin.username)
    await standin.until(lambda: len(bot.queue) >= 30)
    assert (await standin.control("GET", "/control/load"))["running"]
    ended = await standin.control("DELETE", "/control/load")
    said = ended["said"]
    assert not ended["running"]
    assert [one["text"] for one in said] == [f"load {number}" for number in range(len(said))]
    assert [one["chat_id"] for one in said[:3]] == [5000, 5001, 5002]
    assert (said[29]["at"] - said[0]["at"]) == pytest.approx(0.29, abs=0.1)
    pending = (await standin.api("getUpdates", limit=100))["result"]
    assert [update["update_id"] for update in pending][:30] == [one["update_id"] for one in said[:30]]
    assert (await standin.control("DELETE", "/control/load"))["said"] == said


@pytest.mark.parametrize("body", [{}, {"text": "load", "per_second": -1}])
async def test_nonsense_is_refused(standin: Standin, body: dict[str, Any]) -> None:
    async with standin.http.post(f"{standin.server.control_url}/control/load", json=body) as response:
        assert response.status == 400


async def test_no_load(standin: Standin) -> None:
    async with standin.http.delete(f"{standin.server.control_url}/control/load") as response:
        assert response.status == 400


async def test_a_poll_is_over_when_a_newer_one_ends_it(standin: Standin) -> None:
    def poll() -> asyncio.Task[Any]:
        return asyncio.create_task(standin.api("getUpdates", timeout=1, offset=1))

    polls = [poll()]
    await asyncio.sleep(0.1)
    # The first conflict is told at once, the second one 3 s later; both polls could receive nothing any more.
    for _ in range(2):
        polls.append(poll())
        await asyncio.sleep(0.1)
    await asyncio.gather(*polls)
    await standin.api("getMe")
    log = (await standin.control("GET", "/control/log?method=getupdates"))["log"]
    assert [entry["method"].lower() for entry in log] == ["getupdates"] * 3
    for older, newer in itertools.pairwise(log):
        assert older["status"] == 409
        assert older["over"] == pytest.approx(newer["started"], abs=0.05)
    assert log[1]["ended"] - log[1]["over"] > 2
