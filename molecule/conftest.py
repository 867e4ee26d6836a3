"""The lab of the scenario that a test belongs to."""

from __future__ import annotations

import pytest
from lab_client import Lab


@pytest.fixture(scope="package")
def lab(request: pytest.FixtureRequest) -> Lab:
    """Return the scenario's lab, which the nearest inventory above the test describes."""
    scenario = next(folder for folder in request.path.parents if (folder / "inventory").is_dir())
    return Lab(scenario / "inventory")
