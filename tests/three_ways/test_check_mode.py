"""Check mode on a server where the cluster is there only in part: it ends well, and makes nothing."""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_cores import COLLECTIONS, ROOT, Ansible
from standin_process import standin

GROUPS = ("registry", "webhook_api", "bot_cluster", "nginx")


def docker(*arguments: str) -> str:
    """Return what the command prints."""
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True).stdout.strip()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def bot() -> Iterator[tuple[str, str]]:
    """Return a bot's token, and the address of a Bot API that knows it."""
    token = f"{secrets.randbelow(10**9) + 10**9}:{secrets.token_urlsafe(27)[:35]}"
    with standin() as server:
        server.ask("/control/bots", {"token": token, "username": "checked_bot"})
        yield token, server.url


@pytest.fixture
def deployment(bot: tuple[str, str], tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Return the name of a cluster of this machine's engine, and its inventory."""
    name = f"checked-{secrets.token_hex(4)}"
    token, api = bot
    variables = {
        "cluster_name": name,
        "cluster_home": str(tmp_path / "home"),
        "telegram_bot_token": token,
        "telegram_api_url": api,
        "redis_url": "redis://127.0.0.1:6379/0",
        "registry_port": free_port(),
        "nginx_http_port": free_port(),
        "nginx_https_port": free_port(),
        "webhook_api_replicas": 1,
        "bot_cluster_pollers": 1,
        "bot_cluster_workers": 1,
        "images_source": str(ROOT / "examples/reference_app"),
        # A server of its own, with seven containers.
        "monitoring_enabled": False,
    }
    here = {
        "ansible_connection": "local",
        "ansible_become": False,
        "ansible_python_interpreter": sys.executable,
    }
    groups: dict[str, object] = {group: {"hosts": {"here": {}}} for group in GROUPS}
    inventory = {"all": {"vars": variables, "hosts": {"here": here}, "children": groups}}
    (tmp_path / "hosts.json").write_text(json.dumps(inventory))
    try:
        yield name, tmp_path / "hosts.json"
    finally:
        subprocess.run(["docker", "network", "rm", name], check=False, capture_output=True)


@pytest.mark.skipif(
    os.geteuid() != 0 or subprocess.run(["docker", "info"], check=False, capture_output=True).returncode != 0,
    reason="no engine, or not root",
)
def test_a_server_that_is_only_prepared(ansible: Ansible, clone: Path, deployment: tuple[str, Path]) -> None:
    name, inventory = deployment
    docker("network", "create", "--label", f"aisha.cluster={name}", name)
    path = {} if ansible.own_collections else {"ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS)}
    words = ("ansible-playbook", "playbooks/site.yml", "-i", inventory, "--check", "--diff")
    done = ansible.run(*words, cwd=clone, **path)
    assert done.returncode == 0, done.stdout + done.stderr
    planned = re.findall(rf"\d\. {name}-(\S+) on here would be started", done.stdout)
    assert planned == ["webhook-api-1", "nginx-prod", "bot-polling-1", "worker-1"]
    assert not (inventory.parent / "home").exists()
    assert docker("ps", "--all", "--quiet", "--filter", f"label=aisha.cluster={name}") == ""
