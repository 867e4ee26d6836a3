"""Makes the update tests' own library importable."""

from __future__ import annotations

import sys
from pathlib import Path

for name in ("updates", "faults"):
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / name))
