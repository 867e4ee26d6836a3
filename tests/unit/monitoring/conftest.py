"""Renders what the role writes for two hosts."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from ansible_run import ansible_playbook
from rendered import HOSTS, INVENTORY, Written


def render(folder: Path, hosts: dict[str, Any], **inputs: Any) -> Written:
    """Render what the role writes, by Ansible itself."""
    (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    (folder / "vars.json").write_text(json.dumps(INVENTORY | inputs | {"folder": str(folder)}))
    done = ansible_playbook(
        folder,
        Path(__file__).with_name("render.yml"),
        "-i",
        folder / "hosts.json",
        "-e",
        f"@{folder}/vars.json",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Written(folder)


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Return what the role writes for two hosts with everything on them."""
    return render(tmp_path_factory.mktemp("monitoring"), HOSTS)


@pytest.fixture(scope="session")
def written_for_private_tls(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Return what the role writes for services whose certificates' authority the application alone has."""
    return render(
        tmp_path_factory.mktemp("monitoring-tls"),
        HOSTS,
        redis_url="rediss://redis.example.com/0?password=re%40dis&ssl_ca_certs=/app/ca.pem",
        database_url="postgresql://db.example.com/aisha?sslmode=verify-full&sslrootcert=/app/ca.pem",
    )


@pytest.fixture(scope="session")
def written_for_ipv6(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Return what the role writes for two hosts with IPv6 addresses, which run nginx alone."""
    hosts = {"one": {"cluster_address": "2001:db8::1"}, "two": {"cluster_address": "2001:db8::2"}}
    counts = dict.fromkeys(("webhook_api_replicas", "bot_cluster_pollers", "bot_cluster_workers"), 0)
    return render(tmp_path_factory.mktemp("monitoring-ipv6"), hosts, monitoring_bind_address="::1", **counts)
