"""The report of checks: nothing is left out, and what isn't well stands last and in full."""

from __future__ import annotations

import pytest
from ansible_collections.aisha.cluster.plugins.plugin_utils._verify.table import counts, lines, read, summary

FULL = {
    "host": "one",
    "check": "disk",
    "subject": "/srv",
    "status": "failed",
    "expected": "3 GB free",
    "found": "1 GB",
    "advice": "Make room.",
}
GOOD = {"host": "two", "check": "engine", "subject": "", "status": "passed", "found": "20.10.24"}
ODD = {"host": "two", "check": "clock", "subject": "offset", "status": "warned", "found": "3 s"}


@pytest.mark.parametrize(
    "entry",
    [
        "no dict",
        {"check": "disk"},
        {**GOOD, "status": "fine"},
        {**GOOD, "note": "more"},
    ],
)
def test_what_is_no_check_is_refused(entry: object) -> None:
    with pytest.raises(ValueError, match="expected"):
        read([entry])


def test_failures_stand_last_and_in_full() -> None:
    said = lines("Preflight", read([FULL, ODD, GOOD]))
    assert said[1].split() == ["ok", "two", "engine:", "20.10.24"]
    assert "WARNING" in said[2]
    assert said[3].endswith("disk /srv: expected 3 GB free; found 1 GB. Make room.")
    assert said[-1] == "Preflight: 1 failed: disk /srv (one). 1 passed, 1 warned."


def test_columns_are_aligned() -> None:
    said = lines("Preflight", read([FULL, {**GOOD, "host": "a-longer-name"}]))
    assert said[1].index("engine") == said[2].index("disk")


def test_counts() -> None:
    checks = read([FULL, ODD, GOOD, GOOD])
    assert counts(checks) == {"passed": 2, "skipped": 0, "warned": 1, "failed": 1}


def test_nothing_checked_is_said() -> None:
    assert summary("Preflight", []) == "Preflight: nothing was checked."


def test_all_well() -> None:
    assert summary("Checklist", read([GOOD])) == "Checklist: 1 passed."
