"""The stand-in on a free port of the loopback, its control API as a client, and a clock that doesn't wait."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

LAB = Path(__file__).resolve().parents[2] / "lab"
sys.path.insert(0, str(LAB))

from standin.bot import World  # noqa: E402
from standin.server import Server  # noqa: E402


def new_token() -> str:
    """A token of Telegram's form that nobody has."""
    return f"{secrets.randbelow(10**9) + 10**8}:{secrets.token_urlsafe(26)}"


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to the next timer instead of waiting for it."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 1_000.0
        selector: Any = self._selector  # type: ignore[attr-defined]
        select = selector.select

        def jump(timeout: float | None = None) -> Any:
            self._now += timeout or 0
            return select(0)

        selector.select = jump

    def time(self) -> float:
        return self._now


Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture
def virtually() -> Run:
    """Runs a coroutine in virtual time."""

    def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            return runner.run(coroutine)

    return run


@dataclass
class Standin:
    """A running stand-in with one bot, and how to talk to it."""

    server: Server
    world: World
    token: str
    username: str
    http: aiohttp.ClientSession

    @property
    def bot_url(self) -> str:
        """The bot's methods are below this."""
        return f"{self.server.url}/bot{self.token}"

    async def api(self, method: str, **params: Any) -> dict[str, Any]:
        """Calls a method with JSON on a connection of its own and returns the whole answer."""
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.bot_url}/{method}", json=params) as response,
        ):
            body: dict[str, Any] = await response.json()
            return body | {"status": response.status}

    async def control(self, verb: str, path: str, **body: Any) -> dict[str, Any]:
        """Calls the control API; what isn't 200 fails the test."""
        url = f"{self.server.control_url}{path}"
        async with self.http.request(verb, url, json=body or None) as response:
            assert response.status == 200, await response.text()
            answer: dict[str, Any] = await response.json()
            return answer

    async def say(self, text: str, **more: Any) -> dict[str, Any]:
        """A user writes."""
        return await self.control("POST", "/control/say", text=text, **more)

    async def polls(self) -> dict[str, Any]:
        """The summary of the bot's polls."""
        return await self.control("GET", f"/control/polls?username={self.username}")

    async def until(self, condition: Callable[[], bool], wait_s: float = 5.0) -> None:
        """Waits until a condition holds."""
        async with asyncio.timeout(wait_s):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(0.005)

    async def parked(self, count: int = 1) -> None:
        """Waits until so many polls are in flight."""
        bot = self.world.by_username(self.username)
        await self.until(lambda: bot.watch.summary()["in_flight"] == count)


@pytest.fixture
async def standin() -> AsyncIterator[Standin]:
    world = World()
    token = new_token()
    world.add(token, "aisha_bot")
    server = Server(world)
    await server.start()
    async with aiohttp.ClientSession() as http:
        yield Standin(server, world, token, "aisha_bot", http)
    await server.stop()


@pytest.fixture
def make_token() -> Callable[[], str]:
    """Makes tokens of Telegram's form."""
    return new_token
