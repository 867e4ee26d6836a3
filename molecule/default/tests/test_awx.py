"""The playbooks as AWX runs them: they end well, hand on what they did, and no secret is kept of them.

With AWX=long each of them, on both versions of ansible-core and in the execution environment (make ee).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from awx_job import USER, Awx, Job
from lab_client import ROOT, Lab

EVERYTHING = os.environ.get("AWX") == "long"
HERE = Path(sys.executable).parent
IMAGE = os.environ.get("AWX_IMAGE", "aisha-ee")
RUNS = {"2.19": (HERE, "")}
if EVERYTHING:
    RUNS |= {"2.18": (ROOT / ".venv-2.18/bin", ""), "image": (HERE, IMAGE)}
FURTHER = [
    ("site.yml", {}, ""),
    ("preflight.yml", {}, ""),
    ("verify.yml", {}, ""),
    # Of the machine that tests run on all may be asked for too much at once; that is no fault here.
    ("monitor.yml", {}, "health"),
    ("diagnose.yml", {}, ""),
    ("logs.yml", {"logs_follow_for": 0, "logs_component": ["worker"]}, ""),
]


@pytest.fixture(scope="module", params=list(RUNS))
def awx(lab: Lab, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Awx:
    """Return what jobs run with."""
    commands, image = RUNS[request.param]
    return Awx(lab, tmp_path_factory.mktemp("awx"), commands, image)


@pytest.mark.parametrize(
    ("playbook", "variables", "tags"),
    [
        ("monitor.yml", {"monitor_report_dir": ""}, "quick"),
        *(FURTHER if EVERYTHING else []),
    ],
)
def test_a_job_ends_well(
    awx: Awx, request: pytest.FixtureRequest, playbook: str, variables: dict[str, Any], tags: str
) -> None:
    job = awx.run(playbook, f"{Path(playbook).stem}{tags}", variables, tags)
    well(awx, job)


def well(awx: Awx, job: Job) -> None:
    """See that a job has done its work on the host, and has kept no secret."""
    assert (job.rc, job.status) == (0, "successful"), job.stdout[-3000:]
    # A play that matches no host ends well too.
    assert job.stats["ok"][awx.lab.first] > 0
    assert not any(job.stats[kind] for kind in ("failures", "dark"))
    events = [event["event"] for event in job.events]
    assert events.count("playbook_on_start") == events.count("playbook_on_stats") == 1
    assert job.leaks(awx.lab.secrets()) == []


def test_an_update_that_has_nothing_to_do_is_undone_by_nothing(awx: Awx) -> None:
    # AWX hands on the choices "true" and "false" as text.
    choices = dict.fromkeys(("rolling_update_trial", "images_rebuild", "release_lock_break"), "false")
    log = "cat /opt/aisha/audit.log"
    before = awx.lab.host(awx.lab.first).check_output(log)
    update = awx.run("rolling_update.yml", "update", choices | {"rolling_update_on_failure": "rollback"})
    well(awx, update)
    result = update.handed_on["cluster_result"]
    assert (result["action"], result["outcome"], result["replaced"]) == ("rolling_update", "unchanged", [])
    assert result["release"] == result["release_before"] >= 1
    assert {"webhook", "bot", "poll-guard"} <= set(result["images"])
    assert all("@sha256:" in reference for reference in result["images"].values())
    # Nothing was to be done, so neither a lock was taken nor anything recorded.
    assert awx.lab.host(awx.lab.first).check_output(log) == before
    if EVERYTHING:
        # As the workflow's template says it, and AWX hands the update's result on.
        undo = awx.run(
            "rollback.yml", "undo", {"rollback_to": "{{ cluster_result.release_before }}", **update.handed_on}
        )
        well(awx, undo)
        assert undo.handed_on["cluster_result"]["outcome"] == "unchanged"
        assert undo.handed_on["cluster_result"]["release"] == result["release"]


def test_a_job_is_logged_under_the_name_of_its_user(awx: Awx) -> None:
    job = awx.run("restart.yml", "restart", {"restart_parts": ["workers"]})
    well(awx, job)
    result = job.handed_on["cluster_result"]
    assert (result["outcome"], result["replaced"]) == ("succeeded", ["aisha-worker-1"])
    assert result["seconds"] > 0
    log = awx.lab.host(awx.lab.first).check_output("tail -n 1 /opt/aisha/audit.log")
    assert f'"who": "{USER}"' in log


def test_a_job_that_fails_says_why(awx: Awx) -> None:
    job = awx.run("rolling_update.yml", "failing", {"telegram_bot_username": "some_other_bot"})
    assert (job.rc, job.status) == (2, "failed")
    assert "expected @some_other_bot" in job.stdout
    assert job.leaks(awx.lab.secrets()) == []
