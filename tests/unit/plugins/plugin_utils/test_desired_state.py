"""Whose part of a host has drifted."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.aisha.cluster.plugins.plugin_utils._desired_state import hashed, selected_drift

PARTS: list[dict[str, Any]] = [
    {"part": "docker_engine", "daemon_config": {"live-restore": True}},
    {"part": "cluster", "folders": [{"path": "/opt/aisha", "mode": "0750"}], "absent": ["/opt/aisha/lock"]},
    {"part": "services", "finished": [{"name": "aisha-migration", "labels": {}}]},
    {"part": "webhook_api", "components": ["webhook-api"], "empty_folders": ["/opt/aisha/nginx/drained"]},
    {"part": "nginx", "files": [{"path": "/opt/aisha/nginx.conf"}], "sysctl": {"net.one": 1}},
    {
        "part": "workers",
        "components": ["worker"],
        "instances": [{"name": "aisha-worker-1", "image": "bot:1"}],
    },
]
ALL = sorted(part["part"] for part in PARTS)
QUIET = {"aisha-worker-1": {"action": "none"}}


def change(kind: str, subject: str, component: str = "") -> dict[str, str]:
    return {"kind": kind, "subject": subject, "reason": "any", "component": component}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (change("engine", "/etc/docker/daemon.json"), "docker_engine"),
        (change("folder", "/opt/aisha"), "cluster"),
        (change("file", "/opt/aisha/lock"), "cluster"),
        (change("container", "aisha-migration"), "services"),
        (change("file", "/opt/aisha/nginx/drained/10.0.0.1:8001"), "webhook_api"),
        (change("container", "aisha-webhook-api-3", "webhook-api"), "webhook_api"),
        (change("file", "/opt/aisha/nginx.conf"), "nginx"),
        (change("sysctl", "net.one"), "nginx"),
        (change("container", "aisha-worker-2-previous", "worker"), "workers"),
    ],
)
def test_a_change_is_of_the_part_that_desires_otherwise(found: dict[str, str], expected: str) -> None:
    assert selected_drift(PARTS, QUIET, [found])["parts"] == [expected]


@pytest.mark.parametrize(
    "found",
    [
        change("engine", "unix:///var/run/docker.sock"),
        change("container", "aisha-bot-polling-trial", "trial"),
        change("network", "aisha"),
        change("file", "/opt/aisha/nginx/elsewhere"),
    ],
)
def test_what_belongs_to_no_part_is_of_all(found: dict[str, str]) -> None:
    assert selected_drift(PARTS, QUIET, [found])["parts"] == ALL


@pytest.mark.parametrize("action", ["run", "replace", "restart"])
def test_an_instance_that_has_drifted(action: str) -> None:
    assert selected_drift(PARTS, {"aisha-worker-1": {"action": action}}, [])["parts"] == ["workers"]


def test_nothing_has_drifted() -> None:
    assert selected_drift(PARTS, QUIET, [])["parts"] == []


def test_an_instance_of_a_part_without_a_name_is_of_all() -> None:
    parts = [*PARTS, {"instances": [{"name": "aisha-other-1", "image": "other:1"}]}]
    assert selected_drift(parts, {"aisha-other-1": {"action": "run"}}, [])["parts"] == ALL


WORKER = {"aisha-worker-1": {"action": "replace"}}
CONFIGURATION = change("file", "/opt/aisha/nginx.conf")


def test_only_the_drift_of_selected_parts_is_planned() -> None:
    assert selected_drift(PARTS, WORKER, [CONFIGURATION], ["nginx", "cluster"]) == {
        "instances": {},
        "changes": [CONFIGURATION],
        "parts": ["nginx"],
        "other_parts": ["workers"],
    }
    assert selected_drift(PARTS, WORKER, [CONFIGURATION], ["workers"]) == {
        "instances": WORKER,
        "changes": [],
        "parts": ["workers"],
        "other_parts": ["nginx"],
    }


def test_what_belongs_to_no_part_is_also_of_the_selected_ones() -> None:
    network = change("network", "aisha")
    found = selected_drift(PARTS, QUIET, [network], ["nginx"])
    assert (found["changes"], found["parts"]) == ([network], ["nginx"])
    assert found["other_parts"] == sorted(set(ALL) - {"nginx"})


def test_a_published_address_needs_its_kernel_setting() -> None:
    registry = {"name": "aisha-registry", "image": "registry:2", "ports": ["10.0.0.5:5000:5000"]}
    parts = [*PARTS, {"part": "registry", "instances": [registry]}]
    name = "net.ipv4.ip_nonlocal_bind"
    assert hashed(parts, {}, "aisha")["sysctl"] == {"net.one": 1, name: "1"}
    assert selected_drift(parts, QUIET, [change("sysctl", name)])["parts"] == ["registry"]


def test_parts_are_hashed_together() -> None:
    whole = hashed(PARTS, {}, "aisha")
    assert [each["name"] for each in whole["instances"]] == ["aisha-worker-1"]
    assert whole["empty_folders"] == ["/opt/aisha/nginx/drained"]
    assert "part" not in whole
    assert "components" not in whole


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ({"instance": []}, "expected desired to have only absent, components.*found instance"),
        ({"instances": [{"name": "aisha-worker-1"}]}, "expected each instance to have image, found none"),
        (
            {"instances": [{"name": "aisha-worker-1", "image": "bot:1", "memory": "much"}]},
            "aisha-worker-1: expected a size in memory, found much",
        ),
    ],
)
def test_what_can_not_be_desired(part: dict[str, Any], message: str) -> None:
    with pytest.raises(AnsibleActionFail, match=message):
        hashed([part], {}, "aisha")
