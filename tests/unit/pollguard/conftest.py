"""Fixtures of the poll guard's tests."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path[:0] = [
    str(Path(__file__).resolve().parents[3] / "roles/bot_cluster/files/pollguard/app"),
    str(Path(__file__).parent),
]

from bad_network import BadNetwork  # noqa: E402
from gate_harness import GateGuardProcess, MakeGate  # noqa: E402
from pollguard_harness import Folder, GuardProcess, MakeGuard, RedisServer, make_token  # noqa: E402
from standin_process import Account, Standin  # noqa: E402


@pytest.fixture(scope="session")
def shared_redis() -> Iterator[RedisServer]:
    server = RedisServer()
    yield server
    server.stop()


@pytest.fixture
def redis_server(shared_redis: RedisServer) -> RedisServer:
    """An empty Redis, not to be stopped."""
    shared_redis.client.flushall()
    shared_redis.use()
    return shared_redis


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """An empty Redis that the test may stop."""
    server = RedisServer()
    server.use()
    yield server
    server.stop()


@pytest.fixture
def network(redis_server: RedisServer) -> Iterator[BadNetwork]:
    relay = BadNetwork(redis_server.port)
    yield relay
    relay.close()


@pytest.fixture
def token() -> str:
    return make_token()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def make_guard(folder: Folder, token: str, redis_server: RedisServer) -> Iterator[MakeGuard]:
    """Makes guards of one bot. In the end no two bots may have been alive at once, and none be left."""
    made: list[GuardProcess] = []

    def make(name: str, redis_url: str = redis_server.url) -> GuardProcess:
        guard = GuardProcess(name, redis_url, folder, token)
        made.append(guard)
        return guard

    yield make
    for guard in made:
        guard.end()
    assert folder.events("overlap") == []
    for guard in made:
        if guard.log_path.exists():
            assert token.partition(":")[2] not in guard.log
            assert "Traceback" not in guard.log


@pytest.fixture(scope="session")
def shared_standin() -> Iterator[Standin]:
    standin = Standin()
    yield standin
    standin.stop()


@pytest.fixture
def account(shared_standin: Standin, token: str) -> Iterator[Account]:
    """A bot of this test's own at a stand-in that isn't to be stopped."""
    made = Account(shared_standin, token, f"bot_{secrets.token_hex(4)}")
    yield made
    made.heal()


@pytest.fixture
def make_gate(folder: Folder, account: Account, redis_server: RedisServer) -> Iterator[MakeGate]:
    """Makes guards of one bot in gate mode; none is left in the end, and none has let the token out."""
    made: list[GateGuardProcess] = []

    def make(name: str, redis_url: str = redis_server.url) -> GateGuardProcess:
        guard = GateGuardProcess(name, redis_url, folder, account)
        made.append(guard)
        return guard

    yield make
    for guard in made:
        guard.end()
    for guard in made:
        if guard.log_path.exists():
            assert account.token.partition(":")[2] not in guard.log
            assert "Traceback" not in guard.log
