"""Renders what the role writes for two hosts."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from rendered import HOSTS, INVENTORY, Written, playbook


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Render what the role writes, by Ansible itself."""
    folder = tmp_path_factory.mktemp("monitoring")
    (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": HOSTS}}))
    (folder / "vars.json").write_text(json.dumps(INVENTORY | {"folder": str(folder)}))
    done = playbook("render.yml", "-i", str(folder / "hosts.json"), "-e", f"@{folder}/vars.json")
    assert done.returncode == 0, done.stdout + done.stderr
    return Written(folder)
