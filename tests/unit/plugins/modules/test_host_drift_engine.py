"""The action host_plan against this machine's engine.

A container that was created with its fingerprint is compared by it.
Needs Docker, and the image that is named below."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from local_engine import docker, needs
from playing import play

IMAGE = "python:3.11-slim-bookworm"
PASSWORD = secrets.token_urlsafe(12)


pytestmark = needs(IMAGE)


class Host:
    """A cluster of one worker on this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cluster = f"drift-test-{secrets.token_hex(3)}"
        self.name = f"{self.cluster}-worker-1"
        self.spec: dict[str, Any] = {
            "name": self.name,
            "image": IMAGE,
            "mode": "replace",
            "state": "started",
            "network_mode": "none",
            "command": ["sleep", "600"],
            "env": {"APP_PASSWORD": PASSWORD},
            "memory": "64m",
        }

    def plan(
        self, *parts: dict[str, Any], check: bool = False, engine: str = "", **more: Any
    ) -> dict[str, Any]:
        """Return the result of the action, in a real playbook."""
        arguments = {
            "cluster_name": self.cluster,
            "home": str(self.folder),
            "desired": [{"instances": [self.spec]}, *parts],
            **more,
        }
        done = play(
            self.folder,
            "aisha.cluster.host_plan",
            arguments,
            *(["--check"] if check else []),
            **({"DOCKER_HOST": engine} if engine else {}),
        )
        assert done.code == 0, done.printed
        assert PASSWORD not in done.printed + json.dumps(done.result)
        return done.result

    def deploy(self, fingerprint: str) -> None:
        labels = ("--label", f"aisha.cluster={self.cluster}", "--label", f"aisha.spec={fingerprint}")
        docker(
            *(
                "run",
                "-d",
                "--init",
                "--name",
                self.name,
                *labels,
                "--restart",
                "unless-stopped",
                "--memory",
                "64m",
            ),
            *("--network", "none", "-e", f"APP_PASSWORD={PASSWORD}", IMAGE, "sleep", "600"),
        )


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    made = Host(tmp_path)
    yield made
    names = docker("ps", "-aq", "--filter", f"label=aisha.cluster={made.cluster}").split()
    if names:
        docker("rm", "-f", "-v", *names)


def test_instance_is_planned_deployed_and_then_unchanged(host: Host) -> None:
    missing = host.plan()["instances"][host.name]
    assert (missing["action"], missing["from"], missing["differs"]) == ("run", "", [])
    host.deploy(missing["fingerprint"])
    unchanged = host.plan()["instances"][host.name]
    assert (unchanged["action"], unchanged["fingerprint"]) == ("none", missing["fingerprint"])
    host.spec["env"] = {"APP_PASSWORD": PASSWORD, "MORE": "1"}
    drifted = host.plan()["instances"][host.name]
    assert (drifted["action"], drifted["differs"]) == ("replace", ["env"])
    host.spec.pop("env")
    docker("stop", "-t", "0", host.name)
    host.spec["env"] = {"APP_PASSWORD": PASSWORD}
    assert host.plan()["instances"][host.name]["action"] == "run"


def test_key_is_created_for_root_alone_and_not_in_check_mode(host: Host) -> None:
    key = host.folder / "fingerprint.key"
    host.plan(check=True)
    assert not key.exists()
    host.plan()
    assert key.stat().st_mode & 0o777 == 0o600
    first = key.read_bytes()
    host.plan()
    assert (key.read_bytes(), len(first)) == (first, 32)


def test_whole_host_is_compared_in_one_call(host: Host) -> None:
    fingerprint = host.plan()["instances"][host.name]["fingerprint"]
    host.deploy(fingerprint)
    surplus, migration = f"{host.cluster}-worker-2", f"{host.cluster}-migration"
    for name in (surplus, migration):
        docker("create", "--name", name, "--label", f"aisha.cluster={host.cluster}", IMAGE, "true")
    (host.folder / "nginx.conf").write_text("other")
    result = host.plan(
        {"files": [{"path": str(host.folder / "nginx.conf"), "content": "desired"}]},
        {"finished": [{"name": migration, "labels": {"aisha.migration": "1"}}]},
        whole=True,
        network="none-such",
    )
    assert {(change["subject"].rpartition("/")[2], change["reason"]) for change in result["changes"]} == {
        ("nginx.conf", "content"),
        ("none-such", "missing"),
        (migration, "not finished for this release"),
        (surplus, "surplus"),
    }
    assert result["instances"][host.name]["action"] == "none"


def test_host_without_an_engine_is_drift_of_the_whole(host: Host) -> None:
    result = host.plan(whole=True, engine=f"unix://{host.folder}/none.sock")
    assert [(change["kind"], change["reason"]) for change in result["changes"]] == [("engine", "unreachable")]
    assert result["instances"] == {}


def test_what_another_cluster_has_is_reported(host: Host, tmp_path: Path) -> None:
    name, port = f"{host.cluster}-other-worker-1", 18_461
    label = f"aisha.cluster={host.cluster}-other"
    volume = f"{host.folder}/mounted:/mounted"
    docker(
        *("run", "-d", "--rm", "--init", "--name", name, "--label", label, "-v", volume),
        *("-p", f"127.0.0.1:{port}:80", IMAGE, "sleep", "60"),
    )
    wanted = {"owner": f"{host.cluster}-nginx-prod", "address": ""}
    arguments = {"cluster_name": host.cluster, "home": str(host.folder)}
    ports = [{**wanted, "number": port}, {**wanted, "number": port + 1}]
    try:
        found = play(tmp_path, "aisha.cluster.host_drift", {**arguments, "ports": ports})
    finally:
        docker("rm", "-f", name)
    meets = f"container {name} of cluster {host.cluster}-other"
    assert found.result["conflicts"] == [
        f"port {port} of all addresses for {host.cluster}-nginx-prod, at which {meets} listens",
        f"folder {host.folder}, which {meets} mounts",
    ]
