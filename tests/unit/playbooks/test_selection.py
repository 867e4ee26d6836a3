"""Which parts a run is of, by its plan and by tags."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_run import ROOT
from run_playbook import LOCAL, run

RESULTS = (
    "cluster_parts",
    "cluster_left_parts",
    "cluster_completes_release",
    "cluster_missing_parts",
    "cluster_application_parts",
)
IMAGES = {"webhook": "webhook@sha256:1", "bot": "bot@sha256:1"}


def selection(folder: Path, facts: dict[str, Any], *options: str, action: str = "site") -> dict[str, Any]:
    """Return what the variables of a run say after a plan.

    Args:
        folder: gets the playbook.
        facts: what the plan has found on the one host.
        options: of ansible-playbook.
        action: as release_action.
    """
    results = {name: f"{{{{ {name} }}}}" for name in RESULTS}
    play = {
        "hosts": "all",
        "gather_facts": False,
        "tags": ["always"],
        "vars_files": [str(ROOT / "playbooks" / "vars" / "run.yml")],
        "vars": {"release_action": action},
        "tasks": [
            {"ansible.builtin.set_fact": {"images_references": IMAGES, **facts}},
            {"ansible.builtin.set_fact": {"found": results}},
            {
                "ansible.builtin.copy": {
                    "content": "{{ found | to_json }}",
                    "dest": str(folder / "found.json"),
                }
            },
        ],
    }
    book = folder / "play.yml"
    book.write_text(json.dumps([play]))
    done = run(folder, book, {"one": LOCAL}, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads((folder / "found.json").read_text())
    return found


def plan(parts: list[str], others: list[str]) -> dict[str, Any]:
    """Return the facts of a host that was deployed before."""
    return {
        "cluster_network_found": {"network": {"name": "aisha"}},
        "cluster_host_plan": {"parts": parts, "other_parts": others},
    }


def test_without_tags_a_run_is_of_all_that_has_drifted(tmp_path: Path) -> None:
    found = selection(tmp_path, plan(["nginx", "workers"], []))
    assert found["cluster_parts"] == ["nginx", "workers"]
    assert (found["cluster_left_parts"], found["cluster_completes_release"]) == ([], True)


@pytest.mark.parametrize(
    ("tag", "drifted", "others", "completes"),
    [
        pytest.param("nginx", ["nginx"], [], False, id="no part of a release"),
        pytest.param("webhook_api", ["webhook_api"], ["workers"], False, id="workers are left"),
        pytest.param("workers", ["workers"], ["nginx", "monitoring"], True, id="none is left"),
        pytest.param("images", [], ["webhook_api"], False, id="images only"),
    ],
)
def test_a_release_is_recorded_when_no_part_of_it_is_left(
    tmp_path: Path, tag: str, drifted: list[str], others: list[str], completes: bool
) -> None:
    found = selection(tmp_path, plan(drifted, others), "--tags", tag)
    assert found["cluster_parts"] == drifted
    assert found["cluster_left_parts"] == [part for part in found["cluster_left_parts"] if part in others]
    assert found["cluster_completes_release"] is completes
    assert found["cluster_missing_parts"] == []


BARE = {"cluster_network_found": {"failed": True}}


@pytest.mark.parametrize(
    ("facts", "tags", "missing"),
    [
        (BARE, "nginx", ["docker_engine", "cluster", "registry", "webhook_api"]),
        (BARE | {"images_references": {}}, "workers", ["images", "docker_engine", "cluster", "registry"]),
        ({**plan([], []), "cluster_host_plan": {}, "images_references": {}}, "images,webhook_api", []),
    ],
)
def test_a_selection_needs_what_is_not_deployed_yet(
    tmp_path: Path, facts: dict[str, Any], tags: str, missing: list[str]
) -> None:
    assert selection(tmp_path, facts, "--tags", tags)["cluster_missing_parts"] == missing


def test_a_restart_is_of_the_parts_with_the_tags(tmp_path: Path) -> None:
    found = selection(tmp_path, {}, "--tags", "webhook_api", action="restart")
    assert sorted(found["cluster_parts"]) == ["external_services", "nginx", "webhook_api"]


def test_a_selection_that_lacks_a_part_is_refused_with_the_command_that_has_it(tmp_path: Path) -> None:
    (play,) = yaml.safe_load((ROOT / "playbooks/tasks/drift.yml").read_text())
    (refusal,) = [task for task in play["tasks"] if task["name"].startswith("Refuse a selection")]
    book = [
        {
            "hosts": "all",
            "gather_facts": False,
            "tags": ["always"],
            "vars_files": [str(ROOT / "playbooks/vars/run.yml")],
            "vars": {"release_action": "site"},
            "tasks": [{"ansible.builtin.set_fact": {"images_references": IMAGES, **BARE}}, refusal],
        }
    ]
    (tmp_path / "play.yml").write_text(json.dumps(book))
    done = run(tmp_path, tmp_path / "play.yml", {"one": LOCAL}, "--tags", "nginx")
    command = "ansible-playbook -i hosts.json aisha.cluster.site --tags docker_engine,cluster,registry,"
    assert f"found nginx. Run `{command}webhook_api,nginx`, or without tags." in " ".join(done.stdout.split())
