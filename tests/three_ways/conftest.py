"""A bare clone, the installed collection, and the versions of ansible-core that playbooks are run with."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "unit/support"))
sys.path.insert(0, str(Path(__file__).parent))

from ansible_cores import ROOT, Ansible, older


@pytest.fixture(scope="session", params=["2.19", "2.18"])
def ansible(request: pytest.FixtureRequest) -> Ansible:
    """Each version that meta/runtime.yml admits and that people have; the newer one is the tools' own."""
    version = str(request.param)
    if version == "2.18":
        return Ansible(version, older(version), own_collections=False)
    return Ansible(version, Path(sys.executable).parent, own_collections=True)


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree as a clone of it would be: no environment, no cache, only what git knows or would."""
    target = tmp_path_factory.mktemp("clone")
    list_files = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(list_files, cwd=ROOT, check=True, capture_output=True).stdout
    existing = b"\0".join(
        name for name in names.split(b"\0") if name and os.path.lexists(ROOT / os.fsdecode(name))
    )
    packed = subprocess.run(
        ["tar", "--create", "--null", "--files-from=-"],
        cwd=ROOT,
        input=existing,
        check=True,
        capture_output=True,
    ).stdout
    subprocess.run(["tar", "--extract"], cwd=target, input=packed, check=True)
    return target


@pytest.fixture(scope="session")
def artefact(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The collection as Galaxy would hand it out."""
    folder = tmp_path_factory.mktemp("artefact")
    galaxy = Path(sys.executable).parent / "ansible-galaxy"
    subprocess.run(
        [galaxy, "collection", "build", "--output-path", folder], cwd=clone, check=True, capture_output=True
    )
    return next(folder.glob("aisha-cluster-*.tar.gz"))


@pytest.fixture(scope="session")
def installed(ansible: Ansible, artefact: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of collections with nothing but ours in it."""
    folder = tmp_path_factory.mktemp("installed")
    done = ansible.run(
        "ansible-galaxy", "collection", "install", artefact, "--no-deps", "-p", folder, cwd=folder
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    """One server with everything on it and a token that can't be one."""
    path = tmp_path / "hosts.yml"
    path.write_text(
        """\
all:
  vars:
    telegram_bot_token: not-a-token
    redis_url: redis://127.0.0.1:6379/0
  hosts:
    here:
      ansible_connection: local
      ansible_become: false
      ansible_python_interpreter: "{{ ansible_playbook_python }}"
  children:
    registry: &everything
      hosts:
        here:
    webhook_api: *everything
    bot_cluster: *everything
    nginx: *everything
"""
    )
    return path
