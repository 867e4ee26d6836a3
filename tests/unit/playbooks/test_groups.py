"""An inventory that lacks a group's hosts is refused before anything else."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_run import ROOT, ansible_playbook

GROUPS = ("registry", "webhook_api", "bot_cluster", "nginx")


@pytest.mark.parametrize(
    ("groups", "found"),
    [("", "no such group"), ("".join(f"[{name}]\n" for name in GROUPS), "an empty group")],
)
def test_every_group_without_hosts_is_named(tmp_path: Path, groups: str, found: str) -> None:
    (tmp_path / "hosts").write_text(f"one ansible_connection=local\n{groups}")
    done = ansible_playbook(tmp_path, ROOT / "playbooks/site.yml", "-i", tmp_path / "hosts")
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0
    for name in GROUPS:
        assert f"Inventory group {name}: expected at least one host, found {found}" in said
