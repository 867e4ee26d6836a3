"""What playbooks make of an inventory with IPv6 addresses, and with counts of 0."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible_run import ansible_playbook

GROUPS = ("registry", "webhook_api", "bot_cluster", "nginx")


def render(folder: Path, **inputs: Any) -> Any:
    """Return the variables of a cluster of one host."""
    hosts = {"hosts": {"one": inputs}}
    inventory = {"all": {"children": dict.fromkeys(GROUPS, hosts)}}
    (folder / "hosts.json").write_text(json.dumps(inventory))
    book = Path(__file__).with_name("variables.yml")
    done = ansible_playbook(folder, book, "-i", folder / "hosts.json", "-e", f"folder={folder}")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((folder / "one.json").read_text())


def test_ipv6_addresses_have_brackets(tmp_path: Path) -> None:
    found = render(
        tmp_path,
        ansible_host="2001:db8::7",
        cluster_address="2001:db8::7",
        registry_bind_address="::",
        nginx_https_port=8443,
    )
    replica = {number: f"[2001:db8::7]:{8000 + number}" for number in (1, 2)}
    assert found["replicas"] == {f"aisha-webhook-api-{n} on one": f"http://{replica[n]}" for n in replica}
    assert {each["name"]: each["url"] for each in found["endpoints"]} == {
        "aisha-webhook-api-1": f"http://{replica[1]}/health",
        "aisha-webhook-api-2": f"http://{replica[2]}/health",
        "aisha-nginx-prod": "https://127.0.0.1:8443/nginx-health",
        "webhook API through aisha-nginx-prod": "https://127.0.0.1:8443/health",
        "aisha-registry": "http://[::1]:5000/v2/",
    }
    assert found["public_url"] == "https://[2001:db8::7]:8443"
    assert found["takes_webhooks"]


def test_counts_of_0_leave_nothing_to_ask(tmp_path: Path) -> None:
    found = render(tmp_path, webhook_api_replicas=0, bot_cluster_pollers=0, bot_cluster_workers=0)
    assert found["wanted"] == ["aisha-nginx-prod"]
    assert [each["name"] for each in found["endpoints"]] == ["aisha-nginx-prod", "aisha-registry"]
    assert (found["replicas"], found["takes_webhooks"]) == ({}, False)
