"""Each playbook is found, and finds its own roles and modules, in each way that people run it.

Each run gets to the first check that a module of ours makes, and fails there: of a token that can't be one.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_cores import COLLECTIONS, Ansible

if TYPE_CHECKING:
    from subprocess import CompletedProcess

# An engine that is never there, whatever the machine has.
NOWHERE = {"DOCKER_HOST": "unix:///nowhere"}


# The check that fails, of the token, and the first play that isn't reached then.
MODULE = "telegram_bot_info"
MESSAGE = (
    "Telegram bot token: expected <number>:<secret>, as @BotFather gives it, found a value without a colon."
)
NEXT_PLAY = "Begin the run"
PLAYBOOKS = ("site", "rolling_update", "rollback", "restart")


@pytest.fixture(params=PLAYBOOKS)
def playbook(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def others(ansible: Ansible, *before: Path) -> dict[str, str]:
    """Say where collections are, as far as this version doesn't find those that ours stands on by itself."""
    path = [*map(str, before), *([] if ansible.own_collections else [str(COLLECTIONS)])]
    return {**NOWHERE, **({"ANSIBLE_COLLECTIONS_PATH": os.pathsep.join(path)} if path else {})}


def check(done: CompletedProcess[str], tree: Path) -> None:
    """See that it failed with the one message, and that what ran was this tree's."""
    said = done.stdout + done.stderr
    assert done.returncode == 2, said
    assert MESSAGE in " ".join(said.split()), said
    module = re.search(rf"Using module file (\S+{MODULE}\.py)", said)
    assert module is not None, said
    assert Path(module[1]).is_relative_to(tree), module[1]
    assert NEXT_PLAY not in said


def test_a_bare_clone_from_its_root(ansible: Ansible, clone: Path, inventory: Path) -> None:
    done = ansible.run(
        "ansible-playbook",
        "playbooks/site.yml",
        "-i",
        inventory,
        "-vvv",
        cwd=clone,
        **others(ansible),
    )
    check(done, clone)


def test_a_bare_clone_from_inside_playbooks(ansible: Ansible, clone: Path, inventory: Path) -> None:
    done = ansible.run(
        "ansible-playbook",
        "site.yml",
        "-i",
        inventory,
        "-vvv",
        cwd=clone / "playbooks",
        **others(ansible),
    )
    check(done, clone)


def test_the_installed_collection(
    ansible: Ansible, installed: Path, inventory: Path, tmp_path: Path, playbook: str
) -> None:
    environment = others(ansible, installed)
    done = ansible.run(
        "ansible-playbook",
        f"aisha.cluster.{playbook}",
        "-i",
        inventory,
        "-vvv",
        cwd=tmp_path,
        **environment,
    )
    check(done, installed)


def test_a_project_of_awx(ansible: Ansible, clone: Path, inventory: Path) -> None:
    """AWX names its collections in a variable that 2.18 reads and 2.19 doesn't; ours is beside the play."""
    environment = {
        **NOWHERE,
        "ANSIBLE_COLLECTIONS_PATHS": f"{clone / 'requirements_collections'}{os.pathsep}{COLLECTIONS}",
    }
    done = ansible.run(
        "ansible-playbook",
        "playbooks/site.yml",
        "-i",
        inventory,
        "-vvv",
        cwd=clone,
        **environment,
    )
    check(done, clone)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--tags", "nginx,niginx"], "--tags: expected some of docker_engine, cluster, registry, images, "),
        (["--skip-tags", "nginx,slow"], "--skip-tags nginx: expected webhook_api to be skipped too"),
        (["--limit", "here", "--skip-tags", "slow"], "found that it excludes there."),
        (["--start-at-task", "Record"], "--start-at-task: expected none"),
    ],
)
def test_options_that_can_not_be_honored_are_refused(
    ansible: Ansible, clone: Path, inventory: Path, words: list[str], said: str
) -> None:
    (inventory.parent / "more.yml").write_text("nginx: {hosts: {there: {ansible_connection: local}}}")
    sources = ("-i", inventory, "-i", inventory.parent / "more.yml")
    done = ansible.run(
        "ansible-playbook", "playbooks/site.yml", *sources, *words, cwd=clone, **others(ansible)
    )
    assert done.returncode != 0, done.stdout
    assert said in " ".join(done.stderr.split()), done.stdout + done.stderr


def test_all_that_is_wrong_with_the_inputs_is_named_first(
    ansible: Ansible, clone: Path, inventory: Path
) -> None:
    values = {
        "bot_cluster_pollers": -3,
        "nginx_https_port": "https",
        "webhook_api_memory": "{{ nowhere }}",
        "bot_cluster_worker_command": "never 'ends",
        "app_environment": {"DEBUG": True, "LISTS": ["are-none"]},
        "telegram_bot_token": ["hidden-in-a-list"],
    }
    words = ("playbooks/site.yml", "-i", inventory, "-e", json.dumps(values))
    done = ansible.run("ansible-playbook", *words, cwd=clone, **others(ansible))
    # In a text that YAML quotes a quotation mark stands twice.
    said = " ".join((done.stdout + done.stderr).replace("''", "'").split())
    assert done.returncode == 2, said
    for line in (
        "bot_cluster_pollers: expected a whole number of at least 0, found -3",
        "nginx_https_port: expected a port from 0 to 65535, found 'https'",
        "webhook_api_memory: expected a value, found an expression with what isn't defined: 'nowhere'",
        "bot_cluster_worker_command: expected a command as a shell reads it, found no closing quotation",
        "app_environment: expected text or a number in LISTS, found a list",
        "telegram_bot_token: expected text, found a list",
    ):
        assert line in said, said
    assert "hidden-in-a-list" not in said


def test_the_artefact_leaves_the_link_out(installed: Path) -> None:
    collection = installed / "ansible_collections/aisha/cluster"
    assert (collection / "playbooks/site.yml").is_file()
    assert not (collection / "playbooks/collections").exists()
    assert [path for path in collection.rglob("*") if path.is_symlink()] == []
    for name in (".git", ".venv", ".cache", "molecule", "tests/gates", "tests/unit"):
        assert not (collection / name).exists()
