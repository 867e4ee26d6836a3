"""The versions of ansible-core that playbooks are run with."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Where the "ansible" package has put the collections that ours stands on.
COLLECTIONS = Path(sysconfig.get_path("purelib"))


@dataclass(frozen=True)
class Ansible:
    """One version of ansible-core, in an environment of its own.

    Args:
        version: the first two parts, as in "2.19".
        bin: folder of its commands.
        own_collections: whether the collections that ours stands on are installed with it.
    """

    version: str
    bin: Path
    own_collections: bool

    def run(self, *command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run one of its commands, in an environment that leads nowhere else than it says."""
        kept = {
            key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "TELEGRAM_"))
        }
        return subprocess.run(
            command,
            cwd=cwd,
            env={
                **kept,
                "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}",
                "ANSIBLE_HOME": str(cwd / ".ansible-home"),
                "ANSIBLE_NOCOLOR": "1",
                **environment,
            },
            text=True,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=600,
            check=False,
        )


def older(version: str) -> Path:
    """Return the commands of an older ansible-core, from an environment that is made once."""
    home = ROOT / f".venv-{version}"
    if not (home / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        pip: list[str | Path] = [
            home / "bin/python",
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]
        subprocess.run([*pip, "--no-compile", f"ansible-core=={version}.*"], check=True)
        (home / "complete").touch()
    return home / "bin"
