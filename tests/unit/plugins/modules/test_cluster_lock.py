"""The module as Ansible sees it, and as many processes do that begin in the same moment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args
from ansible_collections.aisha.cluster.plugins.modules import cluster_lock

Run = Callable[..., tuple[int, dict[str, Any]]]
COLLECTIONS = Path(__file__).resolve().parents[4] / "playbooks" / "collections"
MINE: dict[str, Any] = {"run": "boot/1/1", "owner": "ann@ops", "action": "rolling_update"}
OTHER: dict[str, Any] = {"run": "boot/2/2", "owner": "bob@ops", "action": "restart"}


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the module; returns the exit code, and the result with what it warned of."""
    warned: list[str] = []
    # Where a test has imported the controller's part of Ansible, a warning isn't in the result.
    monkeypatch.setattr(AnsibleModule, "warn", lambda _module, text: warned.append(text))

    def run(**arguments: Any) -> tuple[int, dict[str, Any]]:
        warned.clear()
        arguments = {"home": str(tmp_path / "home"), **arguments}
        with patch_module_args(arguments), pytest.raises(SystemExit) as exited:
            cluster_lock.main()
        return int(exited.value.code or 0), {**json.loads(capsys.readouterr().out), "warned": [*warned]}

    return run


def logged(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (tmp_path / "home/audit.log").read_text().splitlines()]


def test_a_run_takes_the_lock_and_gives_it_back(run: Run, tmp_path: Path) -> None:
    code, begun = run(**MINE)
    assert (code, begun["changed"], begun["held"]) == (0, True, True)
    lock = tmp_path / "home/lock.json"
    assert json.loads(lock.read_text()) == begun["held_by"]
    assert begun["diff"]["after"] == lock.read_text()
    (tmp_path / "home/releases").mkdir()
    (tmp_path / "home/releases/current").write_text("5\n")
    ended = {"state": "released", "run": MINE["run"], "outcome": "succeeded"}
    code, done = run(**ended)
    assert (code, done["changed"], done["held"], lock.exists()) == (0, True, False, False)
    assert [line["event"] for line in logged(tmp_path)] == ["started", "finished"]
    assert done["entry"] == logged(tmp_path)[1]
    assert (done["entry"]["who"], done["entry"]["what"]) == ("ann@ops", "rolling_update")
    assert done["entry"]["release_to"] == 5
    # Once more says nothing new.
    code, again = run(**ended)
    assert (code, again["changed"], again["entry"]) == (0, False, {})
    assert len(logged(tmp_path)) == 2


def test_another_run_is_refused_until_it_may(run: Run, tmp_path: Path) -> None:
    run(**OTHER, expiry=1)
    code, refused = run(**MINE)
    assert (code, refused["held"], refused["held_by"]["who"]) == (1, False, "bob@ops")
    assert "bob@ops has it for restart" in refused["msg"]
    code, told = run(**MINE, fail_when_held=False)
    assert (code, told["changed"], told["held"], told["entry"]) == (0, False, False, {})
    assert run(**MINE, ended_run="boot/3/3")[0] == 1
    assert run(state="released", run=MINE["run"], outcome="failed")[1]["changed"] is False
    assert len(logged(tmp_path)) == 1
    # The host's clock alone decides.
    time.sleep(1.05)
    code, taken = run(**MINE)
    assert (code, taken["held"]) == (0, True)
    assert [line["event"] for line in logged(tmp_path)] == ["started", "lock_taken_over", "started"]
    assert logged(tmp_path)[1]["other"]["run"] == OTHER["run"]


@pytest.mark.parametrize(
    ("option", "event"),
    [({"break_other": True}, "lock_broken"), ({"ended_run": OTHER["run"]}, "lock_taken_over")],
)
def test_a_lock_is_taken_from_another(option: dict[str, Any], event: str, run: Run, tmp_path: Path) -> None:
    run(**OTHER)
    assert run(**MINE, **option)[1]["held"]
    assert [line["event"] for line in logged(tmp_path)] == ["started", event, "started"]
    # Whose lock it was is told in the end, and leaves the new one alone.
    code, lost = run(state="released", run=OTHER["run"], outcome="succeeded")
    assert code == 0
    assert "expected this run to have it, found that ann@ops has it" in lost["warned"][0]
    assert (lost["entry"]["lock_lost"], lost["held_by"]["run"]) == (True, MINE["run"])
    assert run(**OTHER)[0] == 1


def test_a_half_written_lock_is_nobodys(run: Run, tmp_path: Path) -> None:
    run(**OTHER)
    lock = tmp_path / "home/lock.json"
    for spoilt in (lock.read_bytes()[:40], b"", b"\xff\xfe", b"[]"):
        lock.write_bytes(spoilt)
        code, taken = run(**MINE)
        assert (code, taken["held_by"]["run"]) == (0, MINE["run"])
    assert logged(tmp_path)[1] | {"at": ""} == {
        "at": "",
        "event": "lock_taken_over",
        "who": "ann@ops",
        "what": "rolling_update",
        "run": MINE["run"],
        "why": "unreadable",
    }


def test_check_mode_writes_nothing_and_tells_what_would_be(run: Run, tmp_path: Path) -> None:
    check = {"_ansible_check_mode": True}
    code, told = run(**MINE, **check)
    assert (code, told["changed"], told["msg"]) == (0, True, "The cluster's lock would be taken.")
    assert not (tmp_path / "home").exists()
    run(**OTHER)
    before = (tmp_path / "home/lock.json").read_text()
    code, told = run(**MINE, **check)
    assert (code, told["changed"], told["held"]) == (0, False, False)
    assert "bob@ops has it for restart" in told["warned"][0]
    assert run(**MINE, break_other=True, **check)[1]["changed"] is True
    assert run(state="released", run=OTHER["run"], outcome="failed", **check)[1]["changed"] is True
    assert (tmp_path / "home/lock.json").read_text() == before
    assert len(logged(tmp_path)) == 1


def test_of_many_processes_in_the_same_moment_one_gets_it(tmp_path: Path) -> None:
    """Each waits for the same instant; ten rounds, so that they do meet."""
    program = """
import json, os, sys, time
from ansible.module_utils.testing import patch_module_args
from ansible_collections.aisha.cluster.plugins.modules import cluster_lock
number, home, at = sys.argv[1], sys.argv[2], float(sys.argv[3])
for turn in range(10):
    time.sleep(max(0, at + turn * 0.1 - time.time()))
    arguments = {"home": f"{home}-{turn}", "run": f"boot/{number}/1", "owner": number, "action": "site"}
    with patch_module_args(arguments):
        try:
            cluster_lock.main()
        except SystemExit:
            pass
"""
    environment = os.environ | {"PYTHONPATH": str(COLLECTIONS)}
    at = time.time() + 4
    homes = str(tmp_path / "home")
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(number), homes, str(at)],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(6)
    ]
    printed = [process.communicate(timeout=60)[0].splitlines() for process in processes]
    said = [[line for line in lines if line] for lines in printed]
    assert time.time() > at, "they met"
    for turn in range(10):
        results = [json.loads(lines[turn]) for lines in said]
        winners = [result["held_by"]["run"] for result in results if result.get("held")]
        assert len(winners) == 1
        assert {result["held_by"]["run"] for result in results} == set(winners)
        written = json.loads(Path(f"{homes}-{turn}/lock.json").read_text())
        assert written["run"] == winners[0]
        assert len(Path(f"{homes}-{turn}/audit.log").read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"run": "x"}, "owner"),
        ({"state": "released", "run": "x"}, "outcome"),
        ({**MINE, "expiry": 0}, "expected 1 second or more, found 0"),
    ],
)
def test_what_is_missing_or_wrong_is_said(arguments: dict[str, Any], said: str, run: Run) -> None:
    code, result = run(**arguments)
    assert code == 1
    assert said in result["msg"]


def test_the_options_are_those_documented() -> None:
    documented = yaml.safe_load(cluster_lock.DOCUMENTATION)["options"]
    assert set(documented) == {
        *("home", "state", "run", "owner", "action", "expiry", "ended_run", "break_other"),
        *("fail_when_held", "outcome", "failure"),
    }
