"""What the role writes for two hosts, the second of which runs nginx."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest
import yaml
from rendered import INVENTORY, ROLE, TOKEN, Written, check

PASSWORDS = [TOKEN.split(":")[1], "hook-secret", "re@dis", "re%40dis", ":secret@", "pro%40xyword"]


@pytest.mark.parametrize(
    ("program", "image", "arguments"),
    [
        (
            "promtool",
            "monitoring_prometheus_image",
            "check config --syntax-only one-prometheus.yml",
        ),
        ("promtool", "monitoring_prometheus_image", "check rules one-rules.yml"),
        ("amtool", "monitoring_alertmanager_image", "check-config one-alertmanager.yml"),
        ("blackbox_exporter", "monitoring_probe_image", "--config.file=one-probe.yml --config.check"),
    ],
)
def test_upstream_takes_it(program: str, image: str, arguments: str, written: Written) -> None:
    done = check(written.folder, program, image, *arguments.split())
    assert done.returncode == 0, done.stdout + done.stderr


def test_targets_are_reached_by_name_here_and_through_the_relay_there(written: Written) -> None:
    cluster, probe, own = written.yaml("one-prometheus.yml")["scrape_configs"]
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for one in cluster["static_configs"]:
        labels = one["labels"]
        found[labels["host"], labels["instance"]] = (*one["targets"], labels["__metrics_path__"])
    there = {"bot-polling-2", "webhook-api-2", "exporter-nginx", "exporter-node"}
    assert {name for host, name in found if host == "two"} == {f"aisha-{name}" for name in there}
    for name in there:
        assert found["two", f"aisha-{name}"] == ("10.0.0.2:9099", f"/aisha-{name}")
    assert found["one", "aisha-bot-polling-1"] == ("aisha-bot-polling-1:9091", "/metrics")
    assert found["one", "aisha-worker-1"] == ("aisha-worker-1:9092", "/metrics")
    assert {one["targets"][0]: one["labels"]["instance"] for one in probe["static_configs"]} == {
        "http://aisha-webhook-api-1:8001/health": "aisha-webhook-api-1",
        "http://10.0.0.2:8002/health": "aisha-webhook-api-2",
        "https://10.0.0.2:443/nginx-health": "aisha-nginx-prod",
    }
    assert own["job_name"] == "own"
    relayed = written.text("two-relay.conf")
    assert [name for name in there if f"location = /aisha-{name} {{" not in relayed] == []
    assert relayed.count("proxy_pass") == len(there)


def test_ipv6_addresses_have_brackets_and_counts_of_0_no_targets(written_for_ipv6: Written) -> None:
    cluster, probe, _own = written_for_ipv6.yaml("one-prometheus.yml")["scrape_configs"]
    targets = {one["labels"]["instance"]: one["targets"][0] for one in cluster["static_configs"]}
    assert targets["aisha-exporter-nginx"] == "[2001:db8::2]:9099"
    assert not {name for name in targets if "bot-polling" in name or "worker" in name or "webhook" in name}
    assert [one["targets"] for one in probe["static_configs"]] == [["https://[2001:db8::2]:443/nginx-health"]]
    one, two = (written_for_ipv6.yaml(f"{host}-containers.json") for host in ("one", "two"))
    assert two["metrics-relay"]["ports"] == ["[2001:db8::2]:9099:8080"]
    assert one["prometheus"]["ports"] == ["[::1]:9090:9090"]
    assert one["alertmanager"]["ports"] == ["[::1]:9093:9093"]
    done = check(
        written_for_ipv6.folder,
        "promtool",
        "monitoring_prometheus_image",
        "check",
        "config",
        "--syntax-only",
        "one-prometheus.yml",
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_host_runs_what_concerns_it(written: Written) -> None:
    one, two = (written.yaml(f"{host}-containers.json") for host in ("one", "two"))
    assert list(two) == ["exporter-node", "exporter-nginx", "metrics-relay"]
    assert two["metrics-relay"]["ports"] == ["10.0.0.2:9099:8080"]
    assert two["exporter-nginx"]["command"] == ["--nginx.scrape-uri=http://172.18.0.1:80/nginx-status"]
    assert one["prometheus"]["ports"] == ["127.0.0.1:9090:9090"]
    assert one["exporter-redis"]["env"] == {
        "REDIS_ADDR": "redis://redis.example.com:6380",
        "REDIS_USER": "guard",
        "REDIS_PASSWORD": "re@dis",
    }
    url = "postgresql://aisha:secret@db.example.com/aisha?sslmode=disable"
    assert one["exporter-postgresql"]["env"]["DATA_SOURCE_NAME"] == url


def test_exporters_need_no_file_of_the_application(written_for_private_tls: Written) -> None:
    containers = written_for_private_tls.yaml("one-containers.json")
    assert containers["exporter-redis"]["env"] == {
        "REDIS_ADDR": "rediss://redis.example.com:6379",
        "REDIS_USER": "",
        "REDIS_PASSWORD": "re@dis",
        "REDIS_EXPORTER_SKIP_TLS_VERIFICATION": "true",
    }
    url = "postgresql://db.example.com/aisha?sslmode=require"
    assert containers["exporter-postgresql"]["env"]["DATA_SOURCE_NAME"] == url


def test_no_file_has_a_secret(written: Written) -> None:
    files = [path for path in written.folder.glob("*.*") if path.suffix in {".yml", ".conf"}]
    assert len(files) == 10
    assert [(path.name, secret) for path in files for secret in PASSWORDS if secret in path.read_text()] == []


def test_alertmanager_gets_its_secrets_and_logs_none(written: Written, tmp_path: Path) -> None:
    """Runs the script that starts it, with another program in its place which logs as it does."""
    url = INVENTORY["monitoring_webhook_url"]
    # What its HTTP client knows of the same.
    proxy = str(INVENTORY["telegram_proxy"]).replace("socks5h:", "socks5:")
    stand_in = tmp_path / "alertmanager"
    lines = [
        rf'err="telebot: Post \"https://api.telegram.org/bot{TOKEN}/sendMessage\": no; Post \"{url}\": no"',
        f"{TOKEN} {url} {TOKEN}",
        f"proxyconnect {proxy}",
        r"nothing \"to hide\"",
    ]
    stand_in.write_text("\n".join(["#!/bin/sh", 'echo "$@"', "cat <<'END'", *lines, "END", ""]))
    stand_in.chmod(0o755)
    script = (ROLE / "files/run.sh").read_text()
    for inside, outside in (
        ("/etc/alertmanager/alertmanager.yml", written.folder / "one-alertmanager.yml"),
        ("/dev/shm/", f"{tmp_path}/"),  # noqa: S108 - the container's own
        ("/bin/alertmanager", stand_in),
    ):
        assert inside in script
        script = script.replace(inside, str(outside))
    environment = written.yaml("one-containers.json")["alertmanager"]["env"]
    done = subprocess.run(
        ["/bin/sh", "-c", script, "run.sh", "--storage.path=/alertmanager"],
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [
        f"--config.file={tmp_path}/alertmanager.yml --storage.path=/alertmanager",
        'err="telebot: ***: no; ***: no"',
        "*** *** ***",
        "proxyconnect ***",
        r"nothing \"to hide\"",
    ]
    result = tmp_path / "alertmanager.yml"
    assert stat.S_IMODE(result.stat().st_mode) == 0o600
    (receiver,) = yaml.safe_load(result.read_text())["receivers"]
    assert receiver["telegram_configs"][0]["bot_token"] == TOKEN
    assert receiver["telegram_configs"][0]["http_config"] == {"proxy_url": proxy}
    assert receiver["telegram_configs"][0]["chat_id"] == -1001234567890
    assert receiver["webhook_configs"] == [{"url": url}]
