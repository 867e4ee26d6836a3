"""What can be reached from here, tried on real sockets."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._host.tcp_probe import (
    Reached,
    Target,
    container_addresses,
    reach_all,
    targets_of,
)

SECRET = "correct-horse"  # noqa: S105 - nobody's


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://api.telegram.org", ["api.telegram.org:443"]),
        ("http://10.0.0.1:8081/x?y=z", ["10.0.0.1:8081"]),
        (f"postgresql+asyncpg://bot:{SECRET}@db/bot", ["db:5432"]),
        ("postgresql://db-1:5433,db-2/bot", ["db-1:5433", "db-2:5432"]),
        (f"rediss://:{SECRET}@redis/0", ["redis:6379"]),
        ("redis+sentinel://one,two:26380/main/0", ["one:26379", "two:26380"]),
        ("http://[fd00::1]:9000", ["fd00::1:9000"]),
    ],
)
def test_what_a_url_names(url: str, expected: list[str]) -> None:
    targets = targets_of("x", url)
    assert [f"{one.host}:{one.port}" for one in targets] == expected
    assert {one.name for one in targets} == {"x"}


@pytest.mark.parametrize("url", ["db:5432", "", "amqp://queue", "http://a:b:c", "unix:///run/redis.sock"])
def test_what_names_no_host_and_port(url: str) -> None:
    with pytest.raises(ValueError, match="x: expected") as raised:
        targets_of("x", url)
    assert SECRET not in str(raised.value)


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_what_listens_is_reached(listening: int) -> None:
    (found,) = reach_all([Target("x", "localhost", listening)], {}, 2)
    assert found.problem is None
    assert found.connect_ms is not None
    assert found.connect_ms < 1000
    assert "127.0.0.1" in found.addresses


def test_a_container_is_reached_at_the_address_that_the_engine_knows(listening: int) -> None:
    containers = {"redis": ("aisha-redis", "127.0.0.1")}
    (found,) = reach_all([Target("x", "redis", listening)], containers, 2)
    assert (found.container, found.addresses, found.problem) == ("aisha-redis", ("127.0.0.1",), None)


def test_what_does_not_listen_says_why(closed: int) -> None:
    refused, unknown = reach_all(
        [Target("x", "127.0.0.1", closed), Target("y", "there-is-none.invalid", 1)], {}, 2
    )
    assert (refused.problem, refused.connect_ms) == ("Connection refused", None)
    assert (unknown.problem or "").startswith("the name can't be resolved (")


def test_what_never_answers_costs_its_time_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(_address: tuple[str, int], timeout: float) -> socket.socket:
        time.sleep(timeout)
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "create_connection", hang)
    began = time.monotonic()
    found = reach_all([Target(name, "127.0.0.1", 1) for name in "abc"], {}, 0.3)
    assert time.monotonic() - began < 1
    assert [one.problem for one in found] == ["no answer within 0.3 s"] * 3


def test_containers_are_known_by_all_their_names() -> None:
    networks = {"aisha": {"IPAddress": "172.18.0.3", "Aliases": ["redis", "1f0a"]}, "host": {"IPAddress": ""}}
    containers: list[dict[str, Any]] = [
        {"Name": "/aisha-redis", "NetworkSettings": {"Networks": networks}},
        {"Name": "/nginx"},
    ]
    known = ("aisha-redis", "172.18.0.3")
    assert container_addresses(containers) == {"aisha-redis": known, "redis": known, "1f0a": known}


def test_a_report_has_all_of_it() -> None:
    assert Reached("x", "h", 1, ("a",), None, 0.1, 0.2, None).as_dict() == {
        "name": "x",
        "host": "h",
        "port": 1,
        "addresses": ("a",),
        "container": None,
        "resolve_ms": 0.1,
        "connect_ms": 0.2,
        "problem": None,
    }
