"""The relay of another host, as a container among those whose metrics it passes on."""

from __future__ import annotations

import secrets
import subprocess
import time
from collections.abc import Iterator

import pytest
from rendered import DEFAULTS, Written

STARTED_WITHIN = 20  # seconds


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def relay(written: Written) -> Iterator[str]:
    """Run the relay, and of all that it knows the node exporter; returns the relay's container."""
    name = f"aisha-relay-{secrets.token_hex(4)}"
    place = ("-d", "--network", name)
    docker("network", "create", name)
    try:
        image = DEFAULTS["monitoring_node_exporter_image"]
        docker("run", *place, "--name", f"{name}-node", "--network-alias", "aisha-exporter-node", image)
        image = DEFAULTS["monitoring_relay_image"]
        configuration = f"{written.folder}/two-relay.conf:/etc/nginx/relay/nginx.conf:ro"
        command = ("nginx", "-c", "/etc/nginx/relay/nginx.conf", "-g", "daemon off;")
        docker(
            "run", *place, "--name", name, "-v", configuration, DEFAULTS["monitoring_relay_image"], *command
        )
        yield name
    finally:
        subprocess.run(["docker", "rm", "-f", name, f"{name}-node"], check=False, capture_output=True)
        docker("network", "rm", name)


def ask(relay: str, path: str) -> tuple[str, str]:
    """Return the status and the body with which the relay answers."""
    found = docker("exec", relay, "curl", "-s", "-w", "\n%{http_code}", f"http://127.0.0.1:8080{path}")
    body, _newline, status = found.rpartition("\n")
    return status, body


def test_metrics_pass_and_nothing_else_does(relay: str) -> None:
    deadline = time.monotonic() + STARTED_WITHIN
    while (found := ask(relay, "/aisha-exporter-node"))[0] != "200" and time.monotonic() < deadline:
        time.sleep(0.2)
    assert found[0] == "200"
    assert "\nnode_memory_MemTotal_bytes " in found[1]
    # One that isn't there is missed alone.
    assert ask(relay, "/aisha-bot-polling-2")[0] == "502"
    for path in ("/", "/metrics", "/aisha-exporter-node/", "/aisha-redis"):
        assert ask(relay, path)[0] == "404"
