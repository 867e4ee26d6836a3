"""The tree that the gates look at, and how a gate runs its tools."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import TextIO

import yaml

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
SITE_PACKAGES = Path(sysconfig.get_path("purelib"))
CACHE = ROOT / ".cache" / "gates"
# What is dear to make and the same for every clone.
SHARED_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "aisha-cluster"
# The link back to the root, with which a bare clone finds its own modules and roles.
LINK = Path("playbooks/collections/ansible_collections/aisha/cluster")
# What galaxy.yml names as dependencies, what those need, and what one role uses beside them.
DEPENDENCIES = (
    "ansible/posix",
    # Of no need to who doesn't set AWX up.
    "awx/awx",
    "community/crypto",
    "community/docker",
    "community/library_inventory_filtering_v1",
)


@cache
def files() -> tuple[Path, ...]:
    """What is committed or may be: every file that git doesn't ignore, from the root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return tuple(sorted(Path(name) for name in set(listed.split("\0")) - {""} if (ROOT / name).exists()))


@cache
def python_files() -> tuple[Path, ...]:
    """Every Python file and every script that Python runs, whatever its name."""
    found = []
    for path in files():
        if path.suffix == ".py":
            found.append(path)
        elif not path.suffix and path != LINK:
            with (ROOT / path).open("rb") as start:
                if re.match(rb"#!.*\bpython3?\b", start.readline(100)):
                    found.append(path)
    return tuple(found)


@cache
def shipped() -> tuple[Path, ...]:
    """What the built collection has, as galaxy.yml says."""
    patterns = yaml.safe_load((ROOT / "galaxy.yml").read_text())["build_ignore"]
    return tuple(
        path
        for path in files()
        if not any(fnmatch(str(each), pattern) for each in (path, *path.parents) for pattern in patterns)
    )


def export(folder: Path, names: tuple[Path, ...] | None = None) -> Path:
    """Copy the tree, or these files of it, below folder to where Ansible expects a collection, beside those
    that it needs.

    The link stays behind: ansible-test refuses links to folders, and here nobody needs it.
    """
    collections = folder / "ansible_collections"
    target = collections / "aisha" / "cluster"
    for path in files() if names is None else names:
        # A file may go while somebody works on the tree.
        if path != LINK and (ROOT / path).exists():
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, target / path, follow_symlinks=False)
    for name in DEPENDENCIES:
        (collections / name).parent.mkdir(exist_ok=True)
        (collections / name).symlink_to(installed_collection(name))
    return target


def installed_collection(name: str) -> Path:
    """Where the "ansible" package has put a collection."""
    for place in map(Path, sys.path):
        found = place / "ansible_collections" / name
        if found.is_dir():
            return found
    raise SystemExit(f"Collection {name}: expected it beside {BIN}, found none; install requirements-dev.txt")


class Job:
    """One gate at work: runs tools, keeps what they print, remembers whether one failed."""

    def __init__(self, log: TextIO, scratch: Path) -> None:
        self.log = log
        self.scratch = scratch
        self.failed = False

    def fail(self, message: str) -> None:
        """Note a failure, and go on."""
        self.failed = True
        self.say(message)

    def say(self, message: str) -> None:
        self.log.write(f"{message}\n")
        self.log.flush()

    def run(self, *command: str | Path, cwd: Path = ROOT, **environment: str) -> bool:
        """Run a tool of the virtual environment; a status other than 0 fails the gate and returns False."""
        line = " ".join(str(word) for word in command)
        self.say(f"$ {line if len(line) < 250 else line[:250] + ' …'}")
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**base_environment(), **environment},
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode:
            self.fail(f"status {done.returncode}")
        return done.returncode == 0


@cache
def base_environment() -> dict[str, str]:
    """The caller's environment, without what would make a tool look elsewhere."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "MYPYPATH"))}
    return {
        **kept,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        # Not the user's home, where an old copy of this collection may be installed.
        "ANSIBLE_HOME": str(CACHE / "ansible"),
        # Not every collection of the "ansible" package, only those that export() puts beside ours.
        "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false",
        "ANSIBLE_NOCOLOR": "1",
        "NO_COLOR": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
