"""How often COMMAND's connections are looked at, and whose count."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable

import pytest
from pollguard.clock import now
from pollguard.process import watch
from pollguard.process.watch import PollWatch
from pollguard_harness import listener


class StopError(Exception):
    """Ends a loop that has no end."""


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the watch sleeps each time; the first nap ends it."""
    slept: list[float] = []

    async def remember(seconds: float) -> None:
        slept.append(seconds)
        raise StopError

    monkeypatch.setattr(asyncio, "sleep", remember)
    return slept


def watching(port: int, changed: Callable[[], None] = lambda: None) -> PollWatch:
    polls = PollWatch((("127.0.0.1", port),), 60.0, os.getpid(), now, changed)
    polls.reset(watching=True)
    return polls


async def first_nap(job: Callable[[], object], naps: list[float]) -> float:
    with pytest.raises(StopError):
        await job()  # type: ignore[misc]
    return naps.pop()


@pytest.mark.parametrize(("calm", "unseen", "blind"), [(False, 1.0, 1.0), (True, 10.0, 30.0)])
async def test_intervals(naps: list[float], calm: bool, unseen: float, blind: float) -> None:
    with listener() as port:
        polls = watching(port)
        polls.calm = calm
        polls.targets = ()
        assert await first_nap(polls.resolve, naps) == blind
        polls.targets = (("127.0.0.1", port),)
        assert await first_nap(polls.resolve, naps) == 30
        assert await first_nap(polls.run, naps) == unseen
        assert polls.seen_at is None


@pytest.mark.parametrize(
    ("owned", "certain", "is_seen"),
    [
        ("ours", False, True),
        ("ours", True, True),
        ("others", True, False),
        # Whose it is can't be known: of another user, say.
        (None, False, True),
        (None, True, False),
    ],
)
async def test_whose_connections_count(
    naps: list[float], monkeypatch: pytest.MonkeyPatch, owned: str | None, certain: bool, is_seen: bool
) -> None:
    with listener() as port, socket.create_connection(("127.0.0.1", port)) as client:
        inode = os.fstat(client.fileno()).st_ino
        found = {"ours": {inode}, "others": {inode + 1}, None: None}[owned]
        monkeypatch.setattr(watch, "sockets_of", lambda _pids: found)
        polls = watching(port)
        polls.certain = certain
        await first_nap(polls.resolve, naps)
        assert await first_nap(polls.run, naps) == (5 if is_seen else 1)
        assert (polls.seen_at is not None) is is_seen
