"""The action checks_report in a real playbook: its exit code, what it prints and what it writes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._core.findings import Check
from ansible_run import ansible_playbook

GOOD = {"host": "one", "check": "engine", "subject": "", "status": "passed", "found": "20.10.24"}
GOOD_FIELDS = {name: value for name, value in GOOD.items() if name != "host"}
BAD = {
    "host": "two",
    "check": "disk",
    "subject": "/srv",
    "status": "failed",
    "expected": "room",
    "found": "none",
}


def play(tmp_path: Path, checks: list[dict[str, str]], **more: str) -> subprocess.CompletedProcess[str]:
    task = {"aisha.cluster.checks_report": {"title": "Preflight", "checks": checks, **more}}
    book = tmp_path / "play.yml"
    book.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]))
    return ansible_playbook(tmp_path, book)


def test_all_well(tmp_path: Path) -> None:
    # Every field that a check has is taken, also those that only programs read.
    done = play(
        tmp_path, [Check(**GOOD_FIELDS).as_dict() | {"host": "one"}], path=str(tmp_path / "checks.json")
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "  ok  one  engine: 20.10.24" in done.stdout.splitlines()
    written = tmp_path / "checks.json"
    assert json.loads(written.read_text())[0]["found"] == "20.10.24"
    assert written.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("checks", "said"),
    [
        ([GOOD, BAD], "Preflight: 1 failed: disk /srv (two). 1 passed."),
        ([{**BAD, "advice": "Run site.yml."}], "Run `ansible-playbook -i localhost, aisha.cluster.site`."),
        ([], "nothing was checked"),
        ([{**GOOD, "status": "fine"}], "expected one of passed, warned, failed, skipped"),
    ],
)
def test_what_is_not_well_fails(tmp_path: Path, checks: list[dict[str, str]], said: str) -> None:
    done = play(tmp_path, checks)
    assert done.returncode == 2
    assert said in done.stdout


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    done = play(tmp_path, [GOOD], path=str(tmp_path / "no" / "checks.json"))
    assert done.returncode == 2
    assert "no/checks.json: expected to write the checks there" in done.stdout
