"""The examples in the roles' READMEs are playbooks, and give what the roles require."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_run import ROOT, ansible_playbook
from role_examples import ROLES, plays


def uses(role: str) -> Iterator[tuple[str, str, set[str]]]:
    """Yield each role that the plays use, with its entry point and the variables that it is given."""
    for play in plays(role):
        given = set(play.get("vars", ()))
        for each in play.get("roles", ()):
            yield each["role"].rpartition(".")[2], "main", given | set(each.get("vars", ()))
        for task in play.get("tasks", ()):
            if include := task.get("ansible.builtin.include_role"):
                name = include["name"].rpartition(".")[2]
                yield name, include.get("tasks_from", "main"), given | set(task.get("vars", ()))


def inputs(role: str, entry: str) -> dict[str, dict[str, Any]]:
    path = ROOT / "roles" / role / "meta" / "argument_specs.yml"
    specs: dict[str, Any] = yaml.safe_load(path.read_text())["argument_specs"]
    options: dict[str, dict[str, Any]] = specs.get(entry, {}).get("options") or {}
    return options


@pytest.mark.parametrize("role", ROLES)
def test_an_example_gives_what_the_role_requires(role: str) -> None:
    assert role in {name for name, _tasks, _given in uses(role)}
    for name, entry, given in uses(role):
        required = {key for key, option in inputs(name, entry).items() if option.get("required")}
        assert required <= given, name
        known = set(inputs(name, entry)) | set(inputs("cluster", "main")) | set(inputs(name, "main"))
        assert given - {"release_action"} <= known, name


@pytest.mark.parametrize("role", ["webhook_api", "bot_cluster", "external_services", "monitoring"])
def test_an_example_creates_the_network_that_its_containers_join(role: str) -> None:
    assert next(uses(role))[:2] == ("cluster", "prepare")


def test_examples_are_playbooks(tmp_path: Path) -> None:
    book = tmp_path / "play.yml"
    book.write_text(yaml.safe_dump([play for role in ROLES for play in plays(role)]))
    done = ansible_playbook(tmp_path, "--syntax-check", book)
    assert done.returncode == 0, done.stdout + done.stderr
