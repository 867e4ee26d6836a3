"""Inputs that the inventory alone tells to be wrong: one clear message, without a secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_run import ROOT
from run_playbook import LOCAL, beginning, run


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        pytest.param(
            {"telegram_bot_token": ""},
            "telegram_bot_token: expected the bot's token, found none",
            id="missing_token",
        ),
        pytest.param(
            {"telegram_proxy": "socks4://user:hush-hush-hush-hush@proxy:1080"},
            "telegram_proxy: expected http://, https://, socks5:// or socks5h://",
            id="unusable_proxy",
        ),
        pytest.param({"redis_url": ""}, "redis_url: expected redis://", id="missing_redis"),
        pytest.param(
            {"database_host": "db", "database_url": "postgresql://aisha:hush-hush@db/aisha"},
            "database_url: expected either it or parts of it",
            id="url_and_parts",
        ),
        pytest.param(
            {"nginx_tls_certificate": "/nowhere/bot.pem", "nginx_tls_key": "/nowhere/bot.key"},
            "nginx_tls_key: expected a PEM file that the control node can read; found none at /nowhere/bot.k",
            id="missing_certificate",
        ),
        pytest.param(
            {"bot_cluster_lease_redis_url": "redis:/:hush-hush@redis:6379/2"},
            "bot_cluster_lease_redis_url: expected ",
            id="wrong_lease_redis",
        ),
        pytest.param(
            {"release_notify_chat": "@ops"},
            "monitoring_telegram_chat: expected a chat's number, such as -1001234567890, found @ops.",
            id="inherited_chat_name",
        ),
    ],
)
def test_a_wrong_input_is_named(tmp_path: Path, inputs: dict[str, Any], expected: str) -> None:
    playbook = beginning(tmp_path, "site", "validate")
    done = run(tmp_path, playbook, {"one": LOCAL}, "-e", json.dumps(inputs))
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0
    assert expected in said
    assert "hush-hush" not in said


def watching(folder: Path, **inputs: Any) -> tuple[str, ...]:
    """Return the options for a further host, which only watches."""
    hosts = {"watch": {"ansible_connection": "local", "redis_url": "", "telegram_bot_token": "", **inputs}}
    (folder / "more.json").write_text(json.dumps({"monitoring": {"hosts": hosts}}))
    return "-i", str(folder / "more.json")


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        pytest.param(
            {"monitoring_retention_size": "1G"},
            "monitoring_retention_size: expected a size as Prometheus reads it, such as 1GB, found '1G'",
            id="wrong_size",
        ),
        pytest.param(
            {"cluster_address": "127.0.0.1"},
            "cluster_address of watch: expected an address at which watch, which watches, reaches this host",
            id="loopback_address",
        ),
        # It needs neither the token nor Redis.
        pytest.param({}, "FAILED one: Query the bot", id="nothing_wrong"),
    ],
)
def test_a_host_that_only_watches_is_validated(tmp_path: Path, inputs: dict[str, Any], expected: str) -> None:
    playbook = beginning(tmp_path, "site", "validate")
    done = run(tmp_path, playbook, {"one": LOCAL}, *watching(tmp_path, **inputs))
    assert done.returncode != 0
    assert expected in " ".join((done.stdout + done.stderr).split())


def test_a_restart_does_not_need_the_certificates_files(tmp_path: Path) -> None:
    inputs = {"nginx_tls_certificate": "/nowhere/bot.pem", "restart_parts": "workers"}
    playbook = beginning(tmp_path, "restart", "validate")
    done = run(tmp_path, playbook, {"one": LOCAL}, "-e", json.dumps(inputs))
    assert "nginx_tls" not in done.stdout + done.stderr


def test_preflight_names_all_that_validation_would(tmp_path: Path) -> None:
    inputs = {
        "nginx_tls_key": "/nowhere/bot.key",
        "bot_cluster_lease_redis_url": "",
        "bot_cluster_lease_renewal": 2.5,
        "monitoring_telegram_chat": "@ops",
        "monitoring_telegram_token": "",
        "monitoring_redis_url": "hush-hush:6379",
        "monitoring_database_url": "postgresql:/hush-hush",
        "preflight_report": str(tmp_path / "report.json"),
    }
    done = run(
        tmp_path,
        ROOT / "playbooks/preflight.yml",
        {"one": LOCAL},
        *watching(tmp_path),
        *("-e", json.dumps(inputs), "-e", "cluster_address=127.0.0.1"),
    )
    report = json.loads((tmp_path / "report.json").read_text())
    found = {
        (check["host"], check["check"], check["subject"])
        for check in report
        if check["status"] == "failed" and check["check"] in ("inventory", "certificate", "monitoring")
    }
    assert found == {
        ("one", "inventory", "bot_cluster_lease_redis_url"),
        ("one", "inventory", "bot_cluster_lease_renewal"),
        ("one", "certificate", "nginx_tls_certificate"),
        ("one", "certificate", "nginx_tls_key"),
        ("one", "monitoring", "cluster_address of one"),
        ("watch", "monitoring", "cluster_address of watch"),
        ("watch", "monitoring", "monitoring_telegram_chat"),
        ("watch", "monitoring", "monitoring_telegram_token"),
        ("watch", "monitoring", "monitoring_redis_url"),
        ("watch", "monitoring", "monitoring_database_url"),
    }, done.stdout
    assert "hush-hush" not in done.stdout + done.stderr


def test_the_file_in_which_an_input_is_set_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "group_vars" / "all"
    folder.mkdir(parents=True)
    (folder / "main.yml").write_text(
        'webhook_api_memory: 512 megs\ndatabase_password: "{{ vault_database_password }}"\n'
    )
    done = run(tmp_path, ROOT / "playbooks/site.yml", {"one": {**LOCAL, "nginx_https_port": -1}})
    lines = [line.strip() for line in done.stdout.splitlines()]
    told = [line for line in lines if "Set it in" in line]
    places = {line.partition(":")[0]: line.rpartition(". Set it in ")[2] for line in told}
    assert places == {
        "webhook_api_memory": "group_vars/all/main.yml:1.",
        "database_password": "group_vars/all/vault.yml.",
        "nginx_https_port": places["nginx_https_port"],
    }
    assert places["nginx_https_port"].startswith(("hosts.json", "group_vars/all/main.yml"))
