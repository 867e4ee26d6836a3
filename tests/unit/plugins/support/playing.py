"""One task, in a real playbook on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[4]
SECONDS = 60


@dataclass(frozen=True)
class Played:
    """What a task returned, what the playbook printed with -vvv and the differences, and its exit code."""

    result: dict[str, Any]
    printed: str
    code: int


def play(
    folder: Path,
    name: str,
    arguments: dict[str, Any],
    *options: str,
    environment: dict[str, str] | None = None,
) -> Played:
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
    python = f"ansible_python_interpreter={sys.executable}"
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    done = subprocess.run(
        [program, "-vvv", "-i", "localhost,", "-c", "local", "-e", python, str(book), *options],
        env={
            **os.environ,
            "ANSIBLE_CONFIG": str(folder / "none.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "playbooks" / "collections"),
            "ANSIBLE_NOCOLOR": "true",
            **(environment or {}),
        },
        text=True,
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    printed = done.stdout + done.stderr
    assert result.is_file(), printed
    return Played(json.loads(result.read_text()), printed, done.returncode)
