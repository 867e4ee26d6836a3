"""Who listens: this machine's own sockets, and an engine's words."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._host.listening_ports import Listener, listeners

CONTAINER = "ab" * 32
NGINX = {"Id": CONTAINER, "Names": ["/aisha-nginx-prod"]}


@pytest.mark.parametrize(
    ("family", "address"),
    [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")],  # noqa: S104
)
def test_a_program_is_named(family: socket.AddressFamily, address: str) -> None:
    with socket.create_server((address, 0), family=family) as server:
        port = server.getsockname()[1]
        (found,) = listeners({port}, [])
    command = Path("/proc/self/comm").read_text().strip()
    assert found == Listener(port, address, "", f"process {command} ({os.getpid()})")
    assert listeners({port}, []) == []


def test_only_who_listens_is_told() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        assert listeners({client.getsockname()[1]}, []) == []


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A kernel's account of an nginx in a container, on port 443 of all addresses."""
    (tmp_path / "net").mkdir()
    line = "0: 00000000:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 777 1"
    (tmp_path / "net/tcp").write_text(f"heading\n{line}\n")
    (tmp_path / "812/fd").mkdir(parents=True)
    (tmp_path / "812/fd/3").symlink_to("socket:[777]")
    (tmp_path / "812/cgroup").write_text(f"0::/system.slice/docker-{CONTAINER}.scope\n")
    (tmp_path / "812/comm").write_text("nginx\n")
    return tmp_path


def test_a_program_in_a_container_is_named_by_it(proc: Path) -> None:
    (found,) = listeners({443}, [NGINX], proc)
    assert (found.container, str(found)) == ("aisha-nginx-prod", "container aisha-nginx-prod")


def test_a_container_that_the_engine_does_not_know_is_a_program(proc: Path) -> None:
    (found,) = listeners({443}, [], proc)
    assert (found.container, str(found)) == ("", "process nginx (812)")


def test_who_can_not_be_seen_is_still_there(proc: Path) -> None:
    (proc / "812/fd/3").unlink()
    assert listeners({443}, [], proc) == [Listener(443, "0.0.0.0")]  # noqa: S104


def test_a_published_port_is_its_containers(proc: Path) -> None:
    ports = [{"IP": "0.0.0.0", "PrivatePort": 8001, "PublicPort": 443, "Type": "tcp"}, {"PrivatePort": 9}]  # noqa: S104
    found = listeners({443}, [{"Id": "x", "Names": ["/shop"], "Ports": ports}], proc)
    assert found == [Listener(443, "0.0.0.0", container="shop")]  # noqa: S104
