"""The cluster that the tests update, one after the other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lab_client import Lab
from updatelab import cluster
from updatelab.runs import Run
from updatelab.trials import Updates

SERVER = "aisha-one"


@pytest.fixture(scope="package")
def updates(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Updates:
    """Return the scenario's cluster; what runs said is kept in the folder beside the applications."""
    return Updates(lab, SERVER, tmp_path_factory.mktemp("updates"))


@pytest.fixture(scope="package")
def said() -> list[Run]:
    """Return a list that tests put their runs into, to be searched for secrets in the end."""
    return []


@pytest.fixture(autouse=True)
def cluster_is_well(updates: Updates) -> Iterator[None]:
    """See that a test leaves a cluster that runs, so that one's failure isn't taken for the next one's."""
    yield
    found = updates.containers()
    assert sorted(one.name for one in cluster.application(found).values() if not one.good) == []
    assert len(cluster.application(found)) == 5
