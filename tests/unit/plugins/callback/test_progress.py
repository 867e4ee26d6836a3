"""What a run shows with the callback progress."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_run import ROOT, ansible_playbook

PLAYBOOK = """
- name: Prepare
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Report
      ansible.builtin.debug:
        msg: [first line, second line]
    - name: Be skipped
      ansible.builtin.command: "false"
      when: false
    - name: Take long
      ansible.builtin.command: sleep 0.6
    - name: Try
      block:
        - name: Fail in items
          ansible.builtin.fail:
            msg: "item {{ item }}: expected more"
          loop: [1, 2]
          when: item == 2
      rescue:
        - name: Write
          ansible.builtin.copy:
            content: new
            dest: "{{ playbook_dir }}/written"
            mode: "0600"
    # A failure that a playbook expects isn't told as one.
    - name: Fail unnoticed
      ansible.builtin.fail:
      ignore_errors: true

- name: Nobody's
  hosts: nobody
  tasks: []

- name: Finish
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Hide
      ansible.builtin.fail:
        msg: never-shown
      no_log: true
"""


def run(folder: Path, *words: str) -> tuple[int, str]:
    """Run the playbook; returns its exit code and what it has shown, without times."""
    (folder / "play.yml").write_text(PLAYBOOK)
    done = ansible_playbook(
        folder,
        *words,
        "play.yml",
        ANSIBLE_CALLBACK_PLUGINS=str(ROOT / "plugins" / "callback"),
        ANSIBLE_STDOUT_CALLBACK="progress",
        AISHA_PROGRESS_LONG_TASK="0.6",
    )
    return done.returncode, re.sub(r"^ *\d+\.\d s", "TIME", done.stdout, flags=re.MULTILINE)


def test_stages_reports_and_failures_are_shown(tmp_path: Path) -> None:
    code, shown = run(tmp_path)
    lines = [line for line in shown.splitlines() if not re.fullmatch(r" {10}(?!Take long).*: \d+ s", line)]
    assert code == 2
    assert re.fullmatch(r" {10}Take long: \d+ s", lines.pop(2)), shown
    assert lines[:5] == [
        "first line",
        "second line",
        "FAILED localhost: Fail in items: item 2: expected more",
        "TIME  Prepare (2 changed)",
        lines[4],
    ]
    assert lines[4].startswith("FAILED localhost: Hide: the output has been hidden")
    assert lines[5:] == ["TIME  Finish", "TIME  in all: 2 changed, 1 failed"]
    assert "never-shown" not in shown


def test_differences_are_shown_with_what_they_are_of(tmp_path: Path) -> None:
    shown = run(tmp_path, "--check", "--diff")[1]
    assert "localhost: Write\n--- before\n+++ after: " in shown
    assert "+new\n" in shown


@pytest.mark.parametrize("word", ["-v", "-vvv"])
def test_all_tasks_are_shown_to_who_asks(tmp_path: Path, word: str) -> None:
    shown = run(tmp_path, word)[1]
    assert "TASK [Take long] ***" in shown
    assert "PLAY RECAP ***" in shown
    assert "skipping: no hosts matched" in shown
