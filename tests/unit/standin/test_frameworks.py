"""Bots of three frameworks, unchanged but for the API's address, live with the stand-in as with Telegram."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

BOTS = Path(__file__).parent / "bots"
# Generous: importing aiogram alone takes 5 s of a CPU, and the machine may be busy.
START_S = 120
Standin = Any
Start = Callable[[str], Awaitable[asyncio.subprocess.Process]]


@pytest.fixture
async def start(standin: Standin) -> AsyncIterator[Start]:
    """Starts bots, and ends them after the test."""
    running: list[asyncio.subprocess.Process] = []
    env = os.environ | {"TELEGRAM_API_URL": standin.server.url, "TELEGRAM_BOT_TOKEN": standin.token}

    async def start_one(name: str) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(BOTS / f"{name}_bot.py"),
            env=env,
        )
        running.append(process)
        return process

    yield start_one
    for process in running:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def answers(standin: Standin, since: int, count: int) -> list[dict[str, Any]]:
    """The first `count` answers after a cursor."""
    found: list[dict[str, Any]] = []
    while len(found) < count:
        got = await standin.control("GET", f"/control/answers?since={since}&timeout=10")
        assert got["answers"], f"only {found}"
        found += got["answers"]
        since = got["cursor"]
    return found


@pytest.mark.parametrize("framework", ["aiogram", "ptb", "telebot"])
async def test_bot(standin: Standin, start: Start, framework: str) -> None:
    bot = standin.world.by_username(standin.username)
    await start(framework)
    await standin.until(lambda: bot.watch.polls > 0, START_S)

    said = [await standin.say(f"message {number}", chat_id=7) for number in range(5)]
    got = await answers(standin, said[0]["cursor"], 5)
    replies = {answer["reply_to"]: answer["text"] for answer in got}
    assert replies == {one["message_id"]: f"you said message {number}" for number, one in enumerate(said)}

    said_file = await standin.say("/file", chat_id=7)
    document, verdict = await answers(standin, said_file["cursor"], 2)
    assert (document["method"], verdict["text"]) == ("sendDocument", "same")

    await standin.until(lambda: len(bot.queue) == 0)
    summary = await standin.polls()
    assert (summary["overlaps"], summary["conflicts"], summary["confirmed"]) == (0, 0, 6)
    assert {len(times) for times in summary["delivered"].values()} == {1}

    # A second one polls too: the newer poll wins, the older one is told.
    await start(framework)
    await standin.until(lambda: bot.watch.conflicts > 0, START_S)
    summary = await standin.polls()
    assert summary["overlaps"] >= 1
    assert all(one["older"]["peer"] != one["newer"]["peer"] for one in summary["overlap_details"])
    log = (await standin.control("GET", "/control/log"))["log"]
    told = next(entry for entry in log if entry["status"] == 409)
    assert told["peer"] == summary["overlap_details"][0]["older"]["peer"]


async def test_end_of_a_bot_ends_its_poll(standin: Standin, start: Start) -> None:
    bot = await start("telebot")
    watch = standin.world.by_username(standin.username).watch
    await standin.until(lambda: watch.summary()["in_flight"] == 1, START_S)
    bot.kill()
    await standin.parked(0)
