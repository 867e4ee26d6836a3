"""Users who write to a bot at a steady pace, and a record of what they wrote."""

from __future__ import annotations

import asyncio
import contextlib
import time
from itertools import count
from typing import Any

from standin.bot import Bot
from standin.chats import DEFAULT_CHAT

MAX_PER_SECOND = 1_000.0
# So many users take turns.
CHATS = 1_000


class Load:
    """One bot's load, from when it is made until it is stopped; every text is another one."""

    def __init__(self, bot: Bot, text: str, per_second: float, chat_id: int = DEFAULT_CHAT) -> None:
        if not 0 < per_second <= MAX_PER_SECOND:
            raise ValueError(f"per_second is above 0 and at most {MAX_PER_SECOND:.0f}")
        self._bot = bot
        self._said: list[dict[str, Any]] = []
        self._task = asyncio.create_task(self._write(text, per_second, chat_id))

    async def _write(self, text: str, per_second: float, first_chat: int) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for number in count():
            await asyncio.sleep(begun + number / per_second - loop.time())
            said, chat_id = f"{text} {number}", first_chat + number % CHATS
            update_id, _ = self._bot.say(chat_id, said)
            self._said.append(
                {"text": said, "chat_id": chat_id, "update_id": update_id, "at": time.monotonic()}
            )

    async def stop(self) -> None:
        """Ends it; harmless when repeated."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    def as_json(self) -> dict[str, Any]:
        """What was written so far."""
        return {"username": self._bot.username, "running": not self._task.done(), "said": self._said}
