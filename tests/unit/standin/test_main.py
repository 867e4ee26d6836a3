"""The stand-in as a program: its settings, its start, its end."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import aiohttp

LAB = Path(__file__).resolve().parents[2] / "lab"


async def start(*arguments: str, **env: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "standin", "--port", "0", "--control-port", "0", *arguments),
        env=os.environ | {"PYTHONPATH": str(LAB)} | env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_settings_and_a_quick_end_with_polls_waiting(make_token: Callable[[], str]) -> None:
    token = make_token()
    bots = f"{token}=first_bot, {make_token()}=second_bot"
    process = await start(STANDIN_BOTS=bots, STANDIN_FRONT="1")
    assert process.stdout is not None
    found = re.findall(r"http://[0-9.:]+", (await process.stdout.readline()).decode())
    url, control = found
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{url}/bot1:bad/getMe") as response:
            assert response.status == 404
        async with http.get(f"{control}/control/bots") as response:
            listed = [bot["username"] for bot in (await response.json())["bots"]]
        assert listed == ["first_bot", "second_bot"]
        poll = asyncio.create_task(http.get(f"{url}/bot{token}/getUpdates", params={"timeout": "30"}))
        async with asyncio.timeout(5):
            while not await _in_flight(http, control):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(3):
            assert await process.wait() == 0
        await asyncio.gather(poll, return_exceptions=True)


async def _in_flight(http: aiohttp.ClientSession, control: str) -> int:
    async with http.get(f"{control}/control/polls") as response:
        return int((await response.json())["in_flight"])


async def test_bad_token_is_refused_in_one_line() -> None:
    process = await start("--bots", "123:short=some_bot")
    _, err = await process.communicate()
    assert process.returncode == 1
    assert err.decode() == "standin: the token of some_bot is malformed\n"
