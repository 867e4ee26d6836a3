"""One task, in a real playbook on this machine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_run import ansible_playbook


@dataclass(frozen=True)
class Played:
    """What a task returned, what the playbook printed with -vvv and the differences, and its exit code."""

    result: dict[str, Any]
    printed: str
    code: int


def play(folder: Path, name: str, arguments: dict[str, Any], *options: str, **environment: str) -> Played:
    """Run a task; the folder gets the playbook and the result."""
    result = folder / "result.json"
    tasks: list[dict[str, Any]] = [
        {name: arguments, "register": "played", "ignore_errors": True},
        {
            "ansible.builtin.copy": {"content": "{{ played | to_json }}", "dest": str(result)},
            "check_mode": False,
            "diff": False,
            "no_log": True,
        },
        {"ansible.builtin.fail": {"msg": "The task has failed."}, "when": "played is failed"},
    ]
    book = folder / "play.yml"
    book.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    done = ansible_playbook(folder, "-vvv", book, *options, **environment)
    printed = done.stdout + done.stderr
    assert result.is_file(), printed
    return Played(json.loads(result.read_text()), printed, done.returncode)
