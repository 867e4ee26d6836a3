"""The examples of the roles' README files."""

from __future__ import annotations

import re
from typing import Any

import yaml
from ansible_run import ROOT

ROLES = sorted(path.parent.name for path in (ROOT / "roles").glob("*/README.md"))


def plays(role: str) -> list[dict[str, Any]]:
    """Return the plays of a role's README."""
    text = (ROOT / "roles" / role / "README.md").read_text()
    blocks = [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```$", text, re.M | re.S)]
    return [item for block in blocks if isinstance(block, list) for item in block if "hosts" in item]
