"""What watches the cluster: whether it sees all, whether it says so in the chat, and who can look."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lab_client import ROOT, Lab

CHAT = -100535353
ROLE = ROOT / "roles/monitoring"
REPLICA = "aisha-webhook-api-1"
WATCHED = {
    "aisha-bot-polling-1",
    "aisha-bot-polling-2",
    "aisha-worker-1",
    "aisha-webhook-api-1",
    "aisha-webhook-api-2",
    "aisha-nginx-prod",
    "aisha-exporter-nginx",
    "aisha-exporter-node",
    "aisha-exporter-postgresql",
    "aisha-exporter-probe",
    "aisha-exporter-redis",
    "aisha-alertmanager",
    "aisha-prometheus",
}
SEEN_WITHIN = 30  # seconds, of which a scrape takes 5


def ask(lab: Lab, path: str) -> Any:
    """Ask Prometheus on its own host."""
    address = f"http://127.0.0.1:9090/api/v1/{path}"
    found = json.loads(
        lab.host("aisha-one").check_output(f"docker exec aisha-prometheus wget -qO- '{address}'")
    )
    assert found["status"] == "success"
    return found["data"]


def unseen(lab: Lab) -> dict[str, str]:
    """Return the targets that aren't up, with the error, and the probes that don't succeed."""
    targets = ask(lab, "targets?state=active")["activeTargets"]
    assert {target["labels"]["instance"] for target in targets} == WATCHED
    bad = {t["scrapeUrl"]: t["lastError"] for t in targets if t["health"] != "up"}
    for name in ("probe_success", "nginx_up", "redis_up", "pg_up"):
        found = ask(lab, f"query?query={name}")["result"]
        assert found, name
        values = {f"{name} {one['metric']['instance']}": one["value"][1] for one in found}
        bad |= {what: value for what, value in values.items() if value != "1"}
    return bad


def test_everything_is_seen(lab: Lab) -> None:
    deadline = time.monotonic() + SEEN_WITHIN
    while (bad := unseen(lab)) and time.monotonic() < deadline:
        time.sleep(1)
    assert bad == {}


def test_rules_and_dashboard_ask_for_what_there_is(lab: Lab) -> None:
    groups = ask(lab, "rules")["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    pages = {page.stem for page in (ROOT / "docs/alerts").glob("[A-Z]*.md")} - {"README"}
    assert {rule["name"] for rule in rules} == pages
    assert {rule["health"] for rule in rules} == {"ok"}
    dashboard = json.loads((ROLE / "files/dashboard.json").read_text())
    asked = [t["expr"] for panel in dashboard["panels"] for t in panel.get("targets", ())]
    text = " ".join([*asked, *(rule["query"] for rule in rules)])
    names = set(re.findall(r"\b(?:pollguard|node|nginx|redis|pg|probe|jobs|http|process)_\w+", text))
    known = set(ask(lab, "label/__name__/values"))
    # A counter with labels is there once something was counted.
    assert names - known <= {"http_requests_total", "http_request_duration_seconds_bucket"}


@pytest.fixture
def stopped_replica(lab: Lab) -> Iterator[None]:
    """Have one replica stopped, and healthy again afterwards."""
    host = lab.host("aisha-one")
    host.check_output(f"docker stop {REPLICA}")
    yield
    host.check_output(f"docker start {REPLICA}")
    deadline = time.monotonic() + 60
    while "(healthy)" not in lab.containers("aisha-one").get(REPLICA, ""):
        assert time.monotonic() < deadline, "the replica isn't healthy again"
        time.sleep(1)


def test_a_replica_that_stops_is_told_in_the_chat(lab: Lab, request: pytest.FixtureRequest) -> None:
    inbox = lab.inbox(CHAT)
    request.getfixturevalue("stopped_replica")
    assert inbox.until(lambda text: f"{REPLICA} on aisha-one is down." in text), inbox.answers
    (told,) = (text for text in inbox.answers if REPLICA in text)
    assert "🔥 warning" in told
    runbook = re.search(r"InstanceDown: (\S+)", told)
    assert runbook
    assert runbook[1].startswith("https://")
    assert (ROOT / "docs/alerts" / Path(runbook[1]).name).is_file()


def test_nobody_outside_can_look(lab: Lab) -> None:
    host = lab.host("aisha-one")
    for name, port in (("prometheus", 9090), ("alertmanager", 9093)):
        assert host.check_output(f"docker port aisha-{name}") == f"{port}/tcp -> 127.0.0.1:{port}"
    assert lab.get("/metrics").status_code == 404
    assert lab.get("/nginx-status", scheme="http", redirect=False).status_code == 403


def test_switching_it_off_is_foreseen(lab: Lab) -> None:
    done = lab.playbook("monitoring.yml", "--check", "-e", "monitoring_enabled=false")
    assert done.returncode == 0, done.stdout
    named = set(re.findall(r"changed: \[aisha-one\] => \(item=(\S+)\)", done.stdout))
    assert named == {name for name in WATCHED if re.search("exporter|prometheus|alertmanager", name)}
    assert named <= set(lab.containers("aisha-one"))
