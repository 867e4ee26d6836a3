"""The packages of module_utils build on those below them, and none on what only the control node has."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
UTILS = ROOT / "plugins" / "module_utils"
FLOORS = [
    {"_core"},
    {"_host", "_telegram", "_images"},
    {"_release"},
    {"_instances"},
    {"_pollers"},
    {"_rollout", "_preflight", "_diagnosis"},
]


def imported(path: Path) -> Iterator[str]:
    """Yield the packages of the collection that a file imports from, by their first folder under plugins."""
    package = path.relative_to(ROOT / "plugins").parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            target = package[: len(package) - node.level + 1] + tuple((node.module or "").split("."))
            yield "/".join(target[:2])
        elif isinstance(node, ast.ImportFrom):
            assert not (node.module or "").startswith("ansible_collections.aisha"), path


def test_every_package_has_a_floor() -> None:
    assert {path.name for path in UTILS.iterdir() if path.name != "__pycache__"} == set().union(*FLOORS)


def test_packages_import_from_lower_floors_alone() -> None:
    below: set[str] = set()
    for floor in FLOORS:
        for package in sorted(floor):
            for path in sorted((UTILS / package).glob("*.py")):
                allowed = {f"module_utils/{name}" for name in below | {package}}
                assert set(imported(path)) <= allowed, path
        below |= floor


def test_modules_import_from_module_utils_alone() -> None:
    for path in sorted((ROOT / "plugins" / "modules").glob("*.py")):
        assert all(target.startswith("module_utils/") for target in imported(path)), path
