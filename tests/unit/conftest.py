"""Where the unit tests find what they share, and the collection."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The link makes a bare clone find its own modules.
sys.path[:0] = [str(ROOT / "playbooks" / "collections"), str(Path(__file__).with_name("support"))]
