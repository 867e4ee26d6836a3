"""Memory settings of the lease's Redis: asked of real servers by the image's own program, and judged."""

from __future__ import annotations

import importlib.util
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
import redis
from ansible_collections.aisha.cluster.plugins.module_utils._preflight.redis_memory import (
    MIB,
    RedisMemory,
    check_redis_memory,
)
from ansible_collections.aisha.cluster.plugins.module_utils._preflight.service_check import checks_of
from ansible_collections.aisha.cluster.plugins.module_utils._preflight.service_probe import Service

PROGRAM = Path(__file__).resolve().parents[5] / "roles/external_services/files/service_check/service_check.py"
LEASE = Service("The lease's Redis", "bot_cluster_lease_redis_url", "redis://127.0.0.1:6379/2")
Start = Callable[..., str]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a Redis with these settings; its URL."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("there is no redis-server here")
    servers: list[subprocess.Popen[bytes]] = []

    def make(*settings: str) -> str:
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            port = sock.getsockname()[1]
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", *settings]
        servers.append(subprocess.Popen([program, *options], stdout=subprocess.DEVNULL))
        until = time.monotonic() + 10
        while True:
            try:
                redis.Redis(port=port).ping()
            except redis.ConnectionError:
                assert time.monotonic() < until
                time.sleep(0.02)
            else:
                return f"redis://127.0.0.1:{port}/2"

    yield make
    for server in servers:
        server.kill()
        server.wait()


@pytest.fixture
def service_check(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The program that the image runs; of its libraries, only Redis' is needed here."""
    for name in ("minio", "psycopg"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    spec = importlib.util.spec_from_file_location("aisha_service_check", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


def ask(
    service_check: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str
) -> list[tuple[str, str, str]]:
    """Run the program as the image does: each check's kind, status and advice."""
    monkeypatch.setenv("LEASE_REDIS_URL", url)
    service_check.main()
    printed = capsys.readouterr().out
    assert json.loads(printed)["refused"] == []
    return [(check.check, check.status, check.advice) for check in checks_of(printed, [LEASE])]


@pytest.mark.parametrize(
    ("settings", "status", "advice"),
    [
        ((), "passed", ""),
        (("--maxmemory", "256mb"), "passed", ""),
        (("--maxmemory-policy", "allkeys-lru"), "passed", ""),
        (
            ("--maxmemory", "256mb", "--maxmemory-policy", "allkeys-lru"),
            "warned",
            "Set maxmemory-policy noeviction",
        ),
        (
            ("--maxmemory", "256mb", "--maxmemory-policy", "volatile-ttl"),
            "warned",
            "Set maxmemory-policy noeviction",
        ),
        (("--maxmemory", "32mb"), "warned", "Raise maxmemory to at least 64 MiB"),
    ],
    ids=str,
)
def test_a_real_redis_is_asked_and_judged(
    settings: tuple[str, ...],
    status: str,
    advice: str,
    start: Start,
    service_check: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (service, memory) = ask(service_check, monkeypatch, capsys, start(*settings))
    assert service[:2] == ("service", "passed")
    assert memory[:2] == ("redis_memory", status)
    assert memory[2].startswith(advice)
    assert bool(memory[2]) is bool(advice)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", ("required", True)),
        ("?ssl_check_hostname=false", ("required", False)),
        ("?ssl_cert_reqs=none&ssl_check_hostname=false", ("none", False)),
    ],
)
@pytest.mark.parametrize("scheme", ["rediss", "rediss+sentinel"])
def test_tls_is_as_the_url_says(
    scheme: str, options: str, expected: tuple[str, bool], service_check: ModuleType
) -> None:
    path = "main/0" if "sentinel" in scheme else "0"
    client = service_check.connected(f"{scheme}://redis.example.com/{path}{options}")
    settings = client.connection_pool.connection_kwargs
    found = (settings.get("ssl_cert_reqs", "required"), settings.get("ssl_check_hostname", True))
    assert found == expected


def test_a_user_without_info_is_no_failure(
    start: Start,
    service_check: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url = start()
    client = redis.Redis.from_url(url)
    client.acl_setuser("guard", enabled=True, passwords=["+word"], keys=["*"], commands=["+@all", "-info"])
    checks = ask(service_check, monkeypatch, capsys, url.replace("://", "://guard:word@"))
    assert [check[:2] for check in checks] == [("service", "passed"), ("redis_memory", "skipped")]


@pytest.mark.parametrize(
    ("memory", "status", "found"),
    [
        (None, "skipped", "Redis doesn't tell its memory settings"),
        (RedisMemory("noeviction", 0, 9 * MIB), "passed", "maxmemory-policy noeviction, no maxmemory"),
        (RedisMemory("noeviction", 64 * MIB, MIB), "passed", "maxmemory-policy noeviction, maxmemory 64 MiB"),
        (RedisMemory("noeviction", 63 * MIB, MIB), "warned", "maxmemory-policy noeviction, maxmemory 63 MiB"),
        (
            RedisMemory("noeviction", 100 * MIB, 90 * MIB),
            "warned",
            "maxmemory-policy noeviction, maxmemory 100 MiB, 90 % used",
        ),
        (
            RedisMemory("noeviction", 100 * MIB, 89 * MIB),
            "passed",
            "maxmemory-policy noeviction, maxmemory 100",
        ),
    ],
)
def test_thresholds(memory: RedisMemory | None, status: str, found: str) -> None:
    check = check_redis_memory(LEASE, memory)
    assert (check.status, check.subject) == (status, LEASE.subject)
    assert check.found.startswith(found)


def test_both_problems_are_reported() -> None:
    advice = check_redis_memory(LEASE, RedisMemory("allkeys-lfu", 32 * MIB, MIB)).advice
    assert "Set maxmemory-policy noeviction" in advice
    assert "Raise maxmemory to at least 64 MiB" in advice


@pytest.mark.parametrize("answer", [None, {}, {"policy": ""}])
def test_an_older_image_says_nothing_of_memory(answer: dict[str, object] | None) -> None:
    assert RedisMemory.of(answer) is None
