"""The role cluster decides on an instance by the actions that docker_container reports."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PLAYBOOK = Path(__file__).with_name("instance_action.yml")
RUNNING = {"State": {"Health": {"Status": "healthy"}}, "Config": {"Image": "bot:1"}}


def decide(compared: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    command = [
        str(Path(sys.executable).with_name("ansible-playbook")),
        "-i",
        "localhost,",
        "-c",
        "local",
        str(PLAYBOOK),
    ]
    extra = json.dumps({"__cluster_compared": compared})
    return subprocess.run([*command, "-e", extra], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        ([], "none"),
        ([{"removed": "1f"}, {"created": "Created container"}], "replace"),
        ([{"updated": "1f"}], "run"),
    ],
)
def test_actions_decide(actions: list[dict[str, str]], expected: str) -> None:
    result = decide({"container": RUNNING, "actions": actions})
    assert result.returncode == 0, result.stdout
    assert f"action={expected}" in result.stdout


def test_a_comparison_without_actions_ends_the_run() -> None:
    result = decide({"container": RUNNING, "changed": False})
    assert result.returncode == 2
    assert (
        "shop-worker-1: expected community.docker.docker_container to report its actions"
        in result.stdout + result.stderr
    )
