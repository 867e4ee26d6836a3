"""The lab of the scenario that a test belongs to."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab_client import Lab


@pytest.fixture(scope="package")
def lab(request: pytest.FixtureRequest) -> Lab:
    """Return the scenario's lab, which the nearest inventory above the test describes."""
    tests = Path(str(request.path if hasattr(request, "path") else request.fspath))
    scenario = next(folder for folder in tests.parents if (folder / "inventory").is_dir())
    return Lab(scenario / "inventory")
