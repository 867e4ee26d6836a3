"""The checklist after a deployment: ticked by a cluster that is well, and missed by what isn't."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab_client import Lab

HOST = "aisha-one"
# Tests before this one provoke errors in the logs; what comes now is told.
NOW = "-everify_log_period=3"


def checked(lab: Lab, path: Path, *arguments: str) -> tuple[int, str, dict[tuple[str, str], dict[str, str]]]:
    """Run verify.yml; returns its exit code, what it said, and its checks by kind and subject."""
    done = lab.playbook("verify.yml", f"-everify_report_path={path}", *arguments)
    said = done.stdout + done.stderr
    assert [secret for secret in lab.secrets() if secret in said + path.read_text()] == []
    checks = {(each["check"], each["subject"]): each for each in json.loads(path.read_text())}
    return done.returncode, said, checks


@pytest.fixture
def without_a_worker(lab: Lab) -> Iterator[None]:
    """Stop the worker, and have a replica log an error, meanwhile."""
    host = lab.host(HOST)
    host.check_output("docker stop --time 5 aisha-worker-1")
    yield
    host.check_output("docker start aisha-worker-1")


def test_a_cluster_that_is_well_passes(lab: Lab, tmp_path: Path) -> None:
    # What tests before this one did to instances is still an alert.
    code, said, checks = checked(lab, tmp_path / "checks.json", NOW, "-emonitoring_enabled=false")
    assert [key for key, check in checks.items() if check["status"] != "passed"] == [("metrics", "")]
    assert code == 0, said
    assert {kind for kind, _subject in checks} == {
        *("release", "registry", "instance", "nginx", "webhook"),
        *("services", "pollers", "bot", "metrics", "logs"),
    }
    assert "verify " in checks["bot", "answer"]["found"]


@pytest.mark.usefixtures("without_a_worker")
def test_what_is_not_well_is_listed_together(lab: Lab, tmp_path: Path) -> None:
    lab.host(HOST).check_output(
        "docker exec aisha-webhook-api-2 sh -c 'echo \"ERROR no module named handlers\" > /proc/1/fd/2'"
    )
    code, said, checks = checked(
        lab,
        tmp_path / "checks.json",
        "-everify_log_period=60",
        "-everify_webhook_path=/nowhere",
        "-eregistry_address=127.0.0.1:9",
    )
    failed = {key: check["found"] for key, check in checks.items() if check["status"] == "failed"}
    assert code == 2, said
    assert "exited" in failed["instance", "aisha-worker-1"]
    assert "no module named handlers" in failed["logs", "aisha-webhook-api-2"]
    assert "404" in failed["webhook", "unsigned"]
    assert "404" in failed["webhook", "signed"]
    assert ("bot", "answer") not in failed
    assert "failed: " in said
