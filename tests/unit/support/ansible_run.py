"""Runs ansible-playbook with this tree's collection, and with nothing of the environment's own settings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def ansible_playbook(
    folder: Path, *arguments: str | Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run it in a folder, which gets Ansible's files; without an inventory, on this machine.

    Args:
        folder: where it runs.
        arguments: its options and the playbook.
        environment: variables; those of Ansible here replace the defaults.
    """
    local = () if "-i" in arguments else ("-i", "localhost,", "-c", "local")
    return subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), *local, *arguments],
        cwd=folder,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
            "ANSIBLE_CONFIG": str(folder / "none.cfg"),
            "ANSIBLE_HOME": str(folder / "home"),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "playbooks" / "collections"),
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "ANSIBLE_NOCOLOR": "1",
            **environment,
        },
        text=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=600,
        check=False,
    )
