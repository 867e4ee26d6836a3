"""The record of requests and of what bots sent, both bounded."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

from standin.watch import Client

MAX_REQUESTS = 50_000
MAX_ANSWERS = 50_000
MAX_VALUE_LENGTH = 500


@dataclass
class Entry:
    """One request. Its times are seconds of the monotonic clock, and of the epoch where called wall."""

    id: int
    username: str | None
    method: str
    token: str
    client: Client
    params: dict[str, str] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)
    started_wall: float = field(default_factory=time.time)
    ended: float | None = None
    ended_wall: float | None = None
    status: int | None = None
    outcome: str | None = None
    updates: list[int] | None = None
    # Of a poll: when it could receive nothing any more. Its 409 may come seconds later.
    over: float | None = None

    def end(self, status: int | None, outcome: str) -> None:
        """How it ended: the HTTP status (None: the client had hung up) and in words."""
        self.status, self.outcome = status, outcome
        self.ended, self.ended_wall = time.monotonic(), time.time()

    def as_json(self) -> dict[str, Any]:
        """What the control API shows."""
        shown = {name: value for name, value in vars(self).items() if name != "client"}
        return shown | {"peer": self.client.peer, "user_agent": self.client.user_agent}


def shortened(values: dict[str, str], clean: Callable[[str], str]) -> dict[str, str]:
    """Parameters fit to be kept: cleaned of secrets and not too long."""
    return {name: clean(value)[:MAX_VALUE_LENGTH] for name, value in values.items()}


class RequestLog:
    """The last requests, in order of arrival."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=MAX_REQUESTS)
        self._last_id = 0

    def begin(self, username: str | None, method: str, token: str, client: Client) -> Entry:
        """Records that a request arrived; `token` is the masked one."""
        self._last_id += 1
        entry = Entry(self._last_id, username, method, token, client)
        self._entries.append(entry)
        return entry

    def since(
        self, cursor: int, username: str | None = None, method: str | None = None
    ) -> tuple[list[Entry], int]:
        """Requests after the cursor, of a bot and to a method where these are given, and the next cursor.

        A request in flight holds the cursor back: it is shown now and, ended, the next time again.
        """
        fresh = list(takewhile(lambda entry: entry.id > cursor, reversed(self._entries)))[::-1]
        open_ids = [entry.id for entry in fresh if entry.ended is None]
        next_cursor = min(open_ids) - 1 if open_ids else max(self._last_id, cursor)
        wanted = method.lower() if method else None
        return [
            entry
            for entry in fresh
            if username in (None, entry.username) and wanted in (None, entry.method.lower())
        ], next_cursor

    def clear(self) -> None:
        """Forgets everything; ids go on."""
        self._entries.clear()


class Answers:
    """What bots sent, for tests that wait for it."""

    def __init__(self) -> None:
        self._answers: deque[dict[str, Any]] = deque(maxlen=MAX_ANSWERS)
        self._arrived = asyncio.Event()
        self.cursor = 0

    def add(self, username: str, method: str, chat_id: int | None, text: str | None, **more: Any) -> None:
        """Records an answer and wakes who waits."""
        self.cursor += 1
        when = {"seq": self.cursor, "at": time.monotonic(), "at_wall": time.time()}
        what = {"username": username, "method": method, "chat_id": chat_id, "text": text}
        self._answers.append({**when, **what, **more})
        self._arrived.set()
        self._arrived = asyncio.Event()

    async def wait(
        self, username: str | None, chat_id: int | None, cursor: int, wait_s: float
    ) -> list[dict[str, Any]]:
        """Answers after the cursor, as soon as there are any; none when `wait_s` seconds have passed."""
        deadline = time.monotonic() + wait_s
        while True:
            arrived = self._arrived
            fresh = takewhile(lambda answer: answer["seq"] > cursor, reversed(self._answers))
            found = [
                answer
                for answer in fresh
                if username in (None, answer["username"]) and chat_id in (None, answer["chat_id"])
            ][::-1]
            left = deadline - time.monotonic()
            if found or left <= 0:
                return found
            try:
                await asyncio.wait_for(arrived.wait(), left)
            except TimeoutError:
                return []

    def clear(self) -> None:
        """Forgets everything; cursors stay valid."""
        self._answers.clear()
