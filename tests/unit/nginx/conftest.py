"""Renders nginx.conf for several clusters of one host each."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_run import ansible_playbook

MANAGED = "Managed by Ansible.\nListen to nobody else;"
# Each cluster by its name, with what its inventory and its host say.
CLUSTERS: dict[str, dict[str, Any]] = {
    "usual": {"cluster_network_found": {"ipv6": True}},
    "six": {"cluster_address": "2001:db8::7", "nginx_ipv6": "enabled"},
    "single": {"cluster_address": "2001:db8::7", "webhook_api_replicas": 1},
    "none": {"webhook_api_replicas": 0, "cluster_network_found": {"ipv6": True}},
    "kernel-without-six": {"cluster_network_found": {"ipv6": False}},
    "four": {"cluster_network_found": {"ipv6": True}, "nginx_ipv6": "disabled"},
}


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder with each cluster's nginx.conf, and a certificate in `tls`."""
    folder = tmp_path_factory.mktemp("nginx")
    (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": CLUSTERS}}))
    (folder / "ansible.cfg").write_text(f"[defaults]\nansible_managed = {MANAGED}\n".replace("\nL", "\n  L"))
    common = {"folder": str(folder), "ansible_managed": MANAGED, "telegram_bot_token": "1:" + "t" * 35}
    done = ansible_playbook(
        folder,
        Path(__file__).with_name("render.yml"),
        *("-i", folder / "hosts.json", "-e", json.dumps(common)),
        ANSIBLE_CONFIG=str(folder / "ansible.cfg"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (folder / "tls").mkdir()
    certificate = ["-keyout", str(folder / "tls/key.pem"), "-out", str(folder / "tls/certificate.pem")]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test", *certificate]
    subprocess.run(command, check=True, capture_output=True)
    return folder
