"""Renders nginx.conf for several clusters of one host each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
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
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("ansible-playbook")),
            *("-i", str(folder / "hosts.json"), "-e", json.dumps(common)),
            str(Path(__file__).with_name("render.yml")),
        ],
        env=os.environ
        | {
            "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "playbooks" / "collections"),
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "ANSIBLE_NOCOLOR": "true",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (folder / "tls").mkdir()
    certificate = ["-keyout", str(folder / "tls/key.pem"), "-out", str(folder / "tls/certificate.pem")]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test", *certificate]
    subprocess.run(command, check=True, capture_output=True)
    return folder
