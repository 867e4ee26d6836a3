"""Each role alone, as its README says: what it makes is healthy, and a second run changes nothing."""

from __future__ import annotations

import json
import re

import pytest
import requests
from lab_client import Inbox
from role_examples import ROLES
from role_server import BOT, Server

# With the containers that it makes; AWX's role has no host, and tests of its own.
CONTAINERS = {
    "bot_cluster": ["bot-polling-1", "bot-polling-2", "worker-1"],
    "cluster": [],
    "docker_engine": [],
    "external_services": ["postgresql", "redis"],
    "images": [],
    "monitoring": [
        "alertmanager",
        "exporter-nginx",
        "exporter-node",
        "exporter-postgresql",
        "exporter-probe",
        "exporter-redis",
        "prometheus",
    ],
    "nginx": ["nginx-prod"],
    "registry": ["registry"],
    "release": [],
    "webhook_api": ["webhook-api-1", "webhook-api-2"],
}


def test_every_role_is_tried() -> None:
    assert sorted([*CONTAINERS, "awx_setup"]) == ROLES


@pytest.mark.parametrize("role", CONTAINERS)
def test_role(server: Server, role: str) -> None:
    server.apply(role)
    states = {}
    for line in server.host.check_output("docker ps -a --format '{{json .}}'").splitlines():
        found = json.loads(line)
        states[found["Names"]] = found["Status"]
    for name in CONTAINERS[role]:
        assert re.match(r"Up .*(\(healthy\)|(?<!\)))$", states.get(f"aisha-{name}", "")), states
    # A release is another one each time.
    if role != "release":
        again = server.play(role)
        assert re.search(r"changed=0 .*failed=0", again), again


def test_the_bot_of_the_role_answers(server: Server) -> None:
    server.apply("bot_cluster")
    said = {"username": BOT, "chat_id": 7, "text": "hello"}
    requests.post(f"{server.control}/control/say", json=said, timeout=10).raise_for_status()
    assert Inbox(server.control, 7, 0).until(lambda text: text == "You said: hello")
