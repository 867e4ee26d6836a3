"""monitor.yml: its exit code, and what it shows and writes of a cluster that is well, degraded and down."""

from __future__ import annotations

import json
import re
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from lab_client import Lab

INSTANCES = {
    "aisha-nginx-prod": "nginx",
    "aisha-webhook-api-1": "webhook-api",
    "aisha-webhook-api-2": "webhook-api",
    "aisha-bot-polling-1": "bot-polling",
    "aisha-bot-polling-2": "bot-polling",
    "aisha-worker-1": "worker",
}
SERVICES = {"aisha-registry", "aisha-postgresql", "aisha-redis", "aisha-object-storage"}
# How busy and how full this machine is, is no matter here; nor what other tests have done to the logs.
LIMITS = {"load_per_cpu": 1000, "disk_free_pct": 0, "memory_available_pct": 0, "errors": 0}
QUICK = 6  # seconds of this machine's processors for a quick look, with the start of ansible-playbook
SETTLES = 40  # seconds in which a container that was started becomes healthy, and its poller ready


@pytest.fixture(autouse=True)
def well(lab: Lab) -> None:
    """Wait until whatever was done before is over."""
    deadline = time.monotonic() + SETTLES
    while any("(healthy)" not in lab.containers("aisha-one").get(name, "") for name in INSTANCES):
        assert time.monotonic() < deadline, lab.containers("aisha-one")
        time.sleep(0.5)


def monitor(lab: Lab, folder: Path, *arguments: str) -> tuple[int, str, dict[str, Any]]:
    """Run it, and return its code, what it showed, and its document."""
    variables = json.dumps({"monitor_report_dir": str(folder), "monitor_limits": LIMITS})
    done = lab.playbook("monitor.yml", "-e", variables, *arguments)
    shown = f"{done.stdout}{done.stderr}"
    written = "".join(path.read_text() for path in sorted(folder.iterdir()))
    assert [secret for secret in lab.secrets() if secret in shown + written] == []
    return done.returncode, shown, json.loads((folder / "aisha.json").read_text())


@contextmanager
def stopped(lab: Lab, name: str) -> Iterator[None]:
    host = lab.host("aisha-one")
    host.check_output(f"docker stop {name}")
    try:
        yield
    finally:
        host.check_output(f"docker start {name}")


def problems(document: dict[str, Any]) -> list[str]:
    return [each["message"] for each in document["problems"] if each["severity"] != "note"]


def test_a_cluster_that_is_well(lab: Lab, tmp_path: Path) -> None:
    code, shown, document = monitor(lab, tmp_path)
    assert (code, problems(document)) == (0, []), shown
    assert re.search(r"^aisha: healthy; no problem; ", shown, re.MULTILINE)
    rows = {row["name"]: row for row in document["instances"]}
    assert rows.keys() >= INSTANCES.keys() | SERVICES
    used: list[float] = []
    for name, component in INSTANCES.items():
        row = rows[name]
        assert (row["component"], row["host"]) == (component, "aisha-one")
        assert (row["state"], row["health"]) == ("running", "healthy")
        # nginx has no limit.
        assert 0 < row["memory_bytes"] < (row["memory_limit_bytes"] or 2**30)
        assert row["cpu_pct"] is not None
        used.append(row["cpu_pct"])
        assert re.search(rf"^ *{name} +aisha-one +running +healthy", shown, re.MULTILINE)
    assert 0 < sum(used) < 10000
    assert sorted(rows[f"aisha-bot-polling-{number}"]["role"] for number in (1, 2)) == ["active", "standby"]
    assert {each["name"] for each in document["endpoints"]} == {
        "aisha-webhook-api-1",
        "aisha-webhook-api-2",
        "aisha-nginx-prod",
        "webhook API through aisha-nginx-prod",
        "aisha-registry",
    }
    assert {each["status"] for each in document["endpoints"]} == {200}
    assert (document["telegram"]["username"], document["telegram"]["webhook"]) == ("default_bot", "")
    assert document["hosts"][0]["resources"]["engine"]["running"] >= 10
    assert document["releases"][0]["images"].keys() >= {"webhook", "bot"}
    page = (tmp_path / "aisha.html").read_text()
    assert [name for name in rows if name not in page] == []


def test_a_quick_look_is_quick(lab: Lab, tmp_path: Path) -> None:
    began = used()
    code, shown, document = monitor(lab, tmp_path, "--tags", "quick")
    assert (code, document["parts"]) == (0, ["instances", "pollers"]), shown
    assert "looked at containers, pollers" in shown
    # Not the time that passes: on a machine that does something else, that is others' too.
    assert used() - began < QUICK


def used() -> float:
    """Return the seconds of the processors that all ended children have used."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def test_without_its_standby_it_is_degraded(lab: Lab, tmp_path: Path) -> None:
    _code, _shown, before = monitor(lab, tmp_path, "--tags", "quick")
    (standby,) = [row["name"] for row in before["instances"] if row["role"] == "standby"]
    with stopped(lab, standby):
        code, shown, document = monitor(lab, tmp_path, "--tags", "quick")
    assert (code, document["verdict"]) == (2, "degraded"), shown
    first, second = problems(document)
    assert re.match(
        rf"{standby} on aisha-one: expected it well, found that it is exited, exit code \d+\. ", first
    )
    assert second.startswith("aisha: expected a standby that is ready to take over, found none.")
    assert f"1. degraded: {first}" in shown


def test_without_nginx_it_is_down(lab: Lab, tmp_path: Path) -> None:
    with stopped(lab, "aisha-nginx-prod"):
        code, shown, document = monitor(lab, tmp_path, "--tags", "health")
    assert (code, document["verdict"]) == (4, "down"), shown
    assert problems(document)[0].startswith("aisha: expected an nginx that answers, found none.")
    # The rest is well, and is shown.
    assert {each["name"] for each in document["endpoints"] if each["status"] == 200} == {
        "aisha-webhook-api-1",
        "aisha-webhook-api-2",
        "aisha-registry",
    }


def test_a_host_that_is_not_reached_is_told_and_the_rest_is_shown(lab: Lab, tmp_path: Path) -> None:
    inventory = tmp_path / "inventory.yml"
    gone = {"hosts": {"gone": {"ansible_host": "127.0.0.1", "ansible_port": 1}}}
    inventory.write_text(json.dumps({"bot_cluster": gone}))
    reports = tmp_path / "reports"
    code, shown, document = monitor(lab, reports, "--tags", "quick", "-i", str(inventory))
    assert code == 2, shown
    hosts = {host["host"]: host["reachable"] for host in document["hosts"]}
    assert hosts == {"aisha-one": True, "gone": False}
    rows = {row["name"]: row["state"] for row in document["instances"]}
    assert rows["aisha-bot-polling-1"] == "running"
    assert problems(document)[0].startswith("gone: expected an answer over SSH, found ssh: connect to host ")
