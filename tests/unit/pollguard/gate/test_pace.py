"""For how long after a poll COMMAND still counts as one that polls."""

from __future__ import annotations

import pytest
from pollguard.gate.pace import Pace


@pytest.mark.parametrize(
    ("pauses", "patience"),
    [
        ([], 2.0),
        ([0.01, 0.02], 2.0),  # it polls with a timeout
        ([5.0], 7.5),
        ([5.0, 0.1, 0.1], 7.5),
        ([5.0, 0.1, 0.1, 0.1], 2.0),  # it was at work for once
        ([600.0], 15.0),  # nobody is to wait for such a one
    ],
)
def test_patience_follows_the_bots_own_pauses(pauses: list[float], patience: float) -> None:
    pace = Pace()
    for pause in pauses:
        pace.paused(pause)
    assert pace.patience == patience
