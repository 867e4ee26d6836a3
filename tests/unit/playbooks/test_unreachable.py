"""A host that can't be reached ends a run that changes something, and is named at the end."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_run import ROOT
from run_playbook import LOCAL, UNREACHABLE, run

MESSAGE = (
    "UNREACHABLE gone: expected SSH as deploy at 127.0.0.1:1, found ssh: connect to host 127.0.0.1 port 1: "
)
HOSTS = {"here": LOCAL, "gone": UNREACHABLE}


def playbook(name: str) -> Path:
    return ROOT / "playbooks" / f"{name}.yml"


def test_the_run_ends_with_one_line_about_the_host(tmp_path: Path) -> None:
    done = run(tmp_path, playbook("rollback"), HOSTS)
    assert done.returncode != 0
    lines = done.stdout.splitlines()
    assert lines[-1].startswith(MESSAGE), done.stdout
    # As it was launched, so that it can be pasted.
    assert lines[-1].endswith("Try `ansible -i hosts.json gone -m ping`, then run this again.")
    assert "gone" not in "".join(lines[:-1])


@pytest.mark.parametrize(
    ("name", "others"),
    [
        pytest.param("restart", {"here": LOCAL}, id="one of two"),
        pytest.param("site", {}, id="the only one"),
    ],
)
def test_no_play_follows(tmp_path: Path, name: str, others: dict[str, dict[str, str]]) -> None:
    done = run(tmp_path, playbook(name), {**others, "gone": UNREACHABLE}, callback="default")
    assert done.returncode != 0
    plays = [
        line.split("[")[1].split("]")[0] for line in done.stdout.splitlines() if line.startswith("PLAY [")
    ]
    assert plays == ["Check the options", "Check the inventory", "Validate the inputs"]
    assert done.stdout.count("UNREACHABLE!") == 1


def test_a_host_that_is_lost_on_the_way_is_a_failure_of_the_run(tmp_path: Path) -> None:
    book = tmp_path / "play.yml"
    book.write_text(f"""
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.ping:
- hosts: all
  gather_facts: false
  vars_files: [{ROOT}/playbooks/vars/run.yml]
  tasks:
    - ansible.builtin.debug:
        msg: "{{{{ cluster_failures | map(attribute='message') }}}}"
""")
    done = run(tmp_path, book, HOSTS)
    assert "gone: expected an answer until the end of the run, found none any more." in done.stdout
