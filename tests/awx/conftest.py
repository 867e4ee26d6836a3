"""An AWX to configure: ours, with AWX's rules, or the real one that AWX_URL and AWX_TOKEN name."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

sys.path.insert(0, str(Path(__file__).parent))

from fakeawx.server import FakeAWX
from setup_run import ROOT, Setup

REPOSITORY = "https://git.example.com/cluster.git"


@pytest.fixture(scope="session")
def awx() -> Iterator[tuple[str, str]]:
    """Return address and token."""
    if "AWX_URL" in os.environ:
        yield os.environ["AWX_URL"], os.environ["AWX_TOKEN"]
        return
    fake = FakeAWX(secrets.token_urlsafe(), secrets.token_urlsafe(), {REPOSITORY: ROOT})
    loop = asyncio.new_event_loop()
    runner = web.AppRunner(fake.app())

    async def start() -> str:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    url = loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield url, fake.token
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


@pytest.fixture(scope="session")
def setup(awx: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Setup:
    """Return the configuration of a cluster, in that AWX, with secrets that are nowhere else."""
    url, token = awx
    return Setup(url, token, os.environ.get("AWX_PROJECT_URL", REPOSITORY), tmp_path_factory.mktemp("setup"))
