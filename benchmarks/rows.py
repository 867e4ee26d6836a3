"""What every benchmark writes: rows of figures."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

_RESULTS = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True)
class Row:
    """One figure: what was measured, of what, in which unit, from how many measurements."""

    what: str
    subject: str
    value: float
    unit: str
    n: int = 1


def write(name: str, rows: Iterable[Row]) -> None:
    """Write results/NAME.json, a list of rows {what, subject, value, unit, n}."""
    _RESULTS.mkdir(exist_ok=True)
    (_RESULTS / f"{name}.json").write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")
