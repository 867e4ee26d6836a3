"""What a run in check mode makes of a cluster of which only a part is there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_run import ROOT, ansible_playbook


def value_of(folder: Path, name: str, file: Path, variables: dict[str, Any]) -> Any:
    """Return a variable of a file, as a playbook in check mode has it."""
    copy = {"content": "{{ " + name + " | to_json }}", "dest": str(folder / "value")}
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars_files": [str(file)],
        "vars": variables,
        "tasks": [{"ansible.builtin.copy": copy, "check_mode": False}],
    }
    (folder / "play.yml").write_text(json.dumps([play]))
    done = ansible_playbook(folder, folder / "play.yml", "--check")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((folder / "value").read_text())


@pytest.mark.parametrize(
    ("asked", "unknown"),
    [
        ({"digests": {"aisha-bot:v7": "sha256:1"}}, ["webhook"]),
        # It is stopped, or not there yet.
        ({"msg": "Connection refused"}, []),
    ],
)
def test_a_release_in_a_registry_that_does_not_answer(
    tmp_path: Path, asked: dict[str, Any], unknown: list[str]
) -> None:
    plan = [{"name": name, "tags": ["v7"], "digest": ""} for name in ("webhook", "bot")]
    variables = {"__images_plan": plan, "__images_asked": asked, "images_prefix": "aisha-"}
    assert value_of(tmp_path, "__images_unknown", ROOT / "roles/images/vars/main.yml", variables) == unknown


@pytest.mark.parametrize(
    ("prefix", "unusable"),
    [
        ("aisha-", []),
        ("team/my__bot.", []),
        ("", []),
        ("MyBot-", ["MyBot-webhook", "MyBot-bot"]),
        ("bot_-", ["bot_-webhook", "bot_-bot"]),
    ],
)
def test_repositories_that_no_engine_takes(tmp_path: Path, prefix: str, unusable: list[str]) -> None:
    variables = {"__images_plan": [{"name": "webhook"}, {"name": "bot"}], "images_prefix": prefix}
    file = ROOT / "roles/images/vars/main.yml"
    assert value_of(tmp_path, "__images_unusable_repositories", file, variables) == unusable


@pytest.mark.parametrize(("role", "name"), [("images", "images_prefix"), ("release", "release_prefix")])
def test_a_prefix_has_no_capital_letters(tmp_path: Path, role: str, name: str) -> None:
    file = ROOT / "roles" / role / "defaults/main.yml"
    assert value_of(tmp_path, name, file, {"cluster_name": "MyBot"}) == "mybot-"
