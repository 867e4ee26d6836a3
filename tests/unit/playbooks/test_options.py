"""Options of ansible-playbook that a playbook can't honor are refused before any task."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible_run import ROOT
from run_playbook import LOCAL, beginning, run

PLAYBOOKS = sorted(path.stem for path in (ROOT / "playbooks").glob("*.yml"))


def first_imports(path: Path) -> list[str]:
    """Return the names of the playbooks with which one begins, each the first thing of the one before."""
    first = yaml.safe_load(path.read_text())[0]
    imported = first.get("ansible.builtin.import_playbook")
    return [imported, *first_imports(path.parent / imported)] if imported else []


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_options_are_checked_before_all_else(playbook: str) -> None:
    assert Path(first_imports(ROOT / "playbooks" / f"{playbook}.yml")[-1]).name == "options.yml"


def refusal(folder: Path, playbook: str, *options: str) -> str:
    """Run what a playbook begins with, which must be refused; returns the message in one line."""
    path = beginning(folder, playbook, "options")
    done = run(folder, path, {"one": LOCAL, "two": LOCAL}, *options, callback="default")
    assert done.returncode != 0, done.stdout
    assert "TASK [" not in done.stdout, done.stdout
    assert done.stderr.count("[ERROR]") == 1, done.stderr
    return " ".join(done.stderr.split())


@pytest.mark.parametrize("playbook", ["site", "monitor"])
def test_a_start_at_a_task_is_refused(tmp_path: Path, playbook: str) -> None:
    found = refusal(tmp_path, playbook, "--start-at-task", "Record")
    assert "--start-at-task: expected none, since each task needs what those before it find out" in found
    assert 'found "Record".' in found


@pytest.mark.parametrize("playbook", ["site", "monitor"])
def test_a_limit_that_excludes_hosts_is_refused(tmp_path: Path, playbook: str) -> None:
    assert (
        "--limit one: expected all hosts of the cluster, since a run is of all of them; found that it "
        in (refusal(tmp_path, playbook, "--limit", "one"))
    )


@pytest.mark.parametrize(
    ("playbook", "expected"),
    [
        ("site", "docker_engine, cluster, registry, images, external_services, webhook_api, nginx, "),
        ("rolling_update", "images, external_services, webhook_api, nginx, bot_cluster, workers; "),
        ("restart", "webhook_api, bot_cluster, workers; "),
        ("monitor", "quick, logs, health, system, telegram, releases; "),
        ("diagnose", "prune; "),
    ],
)
def test_an_unknown_tag_is_refused(tmp_path: Path, playbook: str, expected: str) -> None:
    assert f"--tags: expected some of {expected}" in refusal(tmp_path, playbook, "--tags", "niginx")


@pytest.mark.parametrize("playbook", ["rollback", "verify", "monitoring", "awx"])
def test_a_playbook_without_tags_refuses_each(tmp_path: Path, playbook: str) -> None:
    assert "--tags: expected none; found nginx." in refusal(tmp_path, playbook, "--tags", "nginx")


def test_tags_and_restart_parts_are_not_combined(tmp_path: Path) -> None:
    found = refusal(tmp_path, "restart", "--tags", "workers", "-e", "restart_parts=webhook_api")
    assert "--tags: expected none; found workers." in found


def test_to_skip_what_always_runs_is_refused(tmp_path: Path) -> None:
    assert "found always, tagged." in refusal(tmp_path, "site", "--skip-tags", "always,tagged")


def test_a_part_that_another_needs_is_not_skipped(tmp_path: Path) -> None:
    found = refusal(tmp_path, "site", "--skip-tags", "nginx")
    assert "--skip-tags nginx: expected webhook_api to be skipped too, since it needs nginx" in found
