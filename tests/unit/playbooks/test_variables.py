"""What playbooks make of an inventory with IPv6 addresses, and with counts of 0."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible_collections.aisha.cluster.plugins.module_utils._host.tcp_probe import targets_of
from ansible_run import ansible_playbook

GROUPS = ("registry", "webhook_api", "bot_cluster", "nginx")


def render(folder: Path, **inputs: Any) -> Any:
    """Return the variables of a cluster of one host."""
    return render_all(folder, {"one": inputs})["one"]


def render_all(folder: Path, hosts: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the variables of each of a cluster's hosts, by its name."""
    inventory = {"all": {"children": {group: {"hosts": hosts} for group in GROUPS}}}
    (folder / "hosts.json").write_text(json.dumps(inventory))
    book = Path(__file__).with_name("variables.yml")
    done = ansible_playbook(folder, book, "-i", folder / "hosts.json", "-e", f"folder={folder}")
    assert done.returncode == 0, done.stdout + done.stderr
    return {host: json.loads((folder / f"{host}.json").read_text()) for host in hosts}


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


# Inputs of a host, and what is read of them.
SERVICES: list[tuple[dict[str, str], dict[str, Any]]] = [
    (
        {
            "database_url": "postgis://u:p@ss/w@db/bot?application_name=me@there",
            "redis_url": "valkey://:p@redis",
            "s3_endpoint_url": "https://s3.example.com/x?mail=a@b",
        },
        {"PostgreSQL": ["db:5432"], "Redis": ["redis:6379"], "S3": ["s3.example.com:443"]},
    ),
    (
        {
            "database_url": "postgresql://u:p@one:5433,two/bot%40x",
            "redis_url": "redis+sentinel://:p@one,two:26380/main/0",
            "telegram_proxy": "socks5h://u:p%40w@proxy:1080",
        },
        {
            "PostgreSQL": ["one:5433", "two:5432"],
            "Redis": ["one:26379", "two:26380"],
            "Telegram proxy": ["proxy:1080"],
        },
    ),
    ({"database_url": "sqlite:///bot.db", "redis_url": "unix:///run/redis.sock"}, {}),
    (
        {"database_url": "postgresql:///bot?host=/run/pg", "redis_url": "redis://u:p@[fd00::1]/0"},
        {"Redis": ["fd00::1:6379"]},
    ),
    (
        {"database_url": "file:./dev.db", "redis_host": "redis", "redis_password": "p@w"},
        {"Redis": ["redis:6379"]},
    ),
    ({"database_url": "db:5432/hunter2"}, {"PostgreSQL": "expected an address such as https://host:port"}),
]


def test_diagnosis_reaches_for_hosts_and_ports(tmp_path: Path) -> None:
    rendered = render_all(tmp_path, {f"host{number}": row[0] for number, row in enumerate(SERVICES)})
    assert "hunter2" not in json.dumps(rendered)
    for number, (inputs, expected) in enumerate(SERVICES):
        services = rendered[f"host{number}"]["services"]
        found: dict[str, Any] = {}
        for name in services.keys() - {"Bot API", "registry"}:
            try:
                found[name] = [f"{one.host}:{one.port}" for one in targets_of(name, services[name])]
            except ValueError as error:
                found[name] = str(error).partition(": ")[2].partition(",")[0]
        assert found == expected, inputs
