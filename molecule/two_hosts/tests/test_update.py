"""An update of both hosts: the one with the active poller comes last, and nobody notices."""

from __future__ import annotations

from pathlib import Path

from lab_client import Lab
from updatelab import cluster
from updatelab.trials import Updates


def test_an_update_goes_from_host_to_host_and_nobody_notices(lab: Lab, tmp_path: Path) -> None:
    updates, other = (Updates(lab, name, tmp_path) for name in ("aisha-a", "aisha-b"))

    def found() -> dict[str, cluster.Instance]:
        return cluster.application({**updates.containers(), **other.containers()})

    before = found()
    result = updates.under_load("rolling_update.yml", updates.source("good", "2"))
    assert result.run.code == 0, result.run.error
    assert result.problems() == []
    after = found()
    assert before.keys() == after.keys()
    assert [name for name in before if before[name].image == after[name].image] == []
    assert [name for name, one in after.items() if not one.good] == []
    assert cluster.unsettled(other.containers()) == []
    assert cluster.exposed(other.engine, lab.secrets(), result.run.said) == []
