"""The actions in a real playbook: exit codes, what is shown and written."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .conftest import Cluster

ROOT = Path(__file__).resolve().parents[5]


def play(folder: Path, *tasks: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """Run tasks for the controller, from a folder."""
    book = folder / "play.yml"
    book.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    command = str(Path(sys.executable).with_name("ansible-playbook"))
    return subprocess.run(
        [command, "-i", "localhost,", "-c", "local", str(book)],
        env={
            **os.environ,
            "ANSIBLE_CONFIG": str(folder / "none.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "playbooks" / "collections"),
            "ANSIBLE_NOCOLOR": "true",
        },
        cwd=folder,
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
    )


def report(cluster: Cluster, folder: Path, **more: Any) -> subprocess.CompletedProcess[str]:
    """Show a cluster, and end as it is."""
    shown = {"looks": list(cluster.looks.values()), **more}
    return play(
        folder,
        {"aisha.cluster.cluster_report": shown, "register": "it"},
        {"aisha.cluster.cluster_verdict": {"verdict": "{{ it.verdict }}", "msg": "{{ it.msg }}"}},
    )


@pytest.mark.parametrize(("stopped", "verdict", "code"), [("", "healthy", 0), ("worker-1", "degraded", 2)])
def test_what_is_shown_and_written(
    stopped: str, verdict: str, code: int, cluster: Cluster, tmp_path: Path
) -> None:
    if stopped:
        cluster.stop(f"aisha-{stopped}")
    done = report(cluster, tmp_path, report_dir="reports")
    assert done.returncode == code, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith(f"aisha: {verdict}; ")]
    # As it is, and not as the value of a variable.
    assert [line for line in lines if line.startswith("  aisha-bot-polling-1  one   running")]
    for kind in ("json", "html"):
        written = tmp_path / "reports" / f"aisha.{kind}"
        assert stat.S_IMODE(written.stat().st_mode) == 0o600
    advice = "run `ansible-playbook -i localhost, aisha.cluster.logs -e logs_component=worker`."
    assert (advice in " ".join(done.stdout.split())) is bool(stopped)
    assert f"The same as a page: {tmp_path}/reports/aisha.html" in lines
    assert json.loads((tmp_path / "reports" / "aisha.json").read_text())["verdict"] == verdict
    # Nothing else is left there.
    assert {path.name for path in (tmp_path / "reports").iterdir()} == {"aisha.html", "aisha.json"}


def test_a_cluster_that_is_down_has_a_code_of_its_own(cluster: Cluster, tmp_path: Path) -> None:
    cluster.stop("aisha-nginx-prod")
    done = report(cluster, tmp_path)
    assert done.returncode == 4, done.stdout
    assert "1. down: aisha: expected an nginx that answers, found none." in done.stdout
    assert "The same as a page" not in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["play.yml"]


def test_a_folder_that_can_not_be_written_to_is_said(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("no folder")
    done = report(cluster, tmp_path, report_dir="reports")
    assert done.returncode == 0, done.stdout
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("Not written: ")]
    assert f"{tmp_path}/reports" in line


def test_a_backlog_is_compared_with_the_report_before(cluster: Cluster, tmp_path: Path) -> None:
    for pending, code in ((10, 0), (11, 2), (11, 0)):
        cluster.one["telegram"]["webhook"]["pending_update_count"] = pending
        done = report(cluster, tmp_path, report_dir="reports")
        assert done.returncode == code, done.stdout


@pytest.mark.parametrize("before", ["", "[]", "{"])
def test_a_report_before_that_can_not_be_read_is_none(before: str, cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "aisha.json").write_text(before)
    assert report(cluster, tmp_path, report_dir=".").returncode == 0


def test_limits_and_name_are_taken(cluster: Cluster, tmp_path: Path) -> None:
    done = report(cluster, tmp_path, cluster_name="shop", limits={"disk_free_pct": "41"})
    assert done.returncode == 2, done.stdout
    assert "shop: degraded; 1 problem; " in done.stdout


@pytest.mark.parametrize(
    ("task", "said"),
    [
        (
            {"aisha.cluster.cluster_report": {"looks": [{"wanted": []}]}},
            "expected the name of a host in each",
        ),
        ({"aisha.cluster.cluster_report": {"looks": [], "limits": {"disk": 1}}}, "disk"),
        ({"aisha.cluster.cluster_verdict": {"verdict": "fine", "msg": "x"}}, "fine"),
    ],
)
def test_what_can_not_be_right_is_refused(task: dict[str, Any], said: str, tmp_path: Path) -> None:
    done = play(tmp_path, task)
    assert done.returncode == 2
    assert said in done.stdout
