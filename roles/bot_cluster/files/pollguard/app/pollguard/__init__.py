"""The poll guard: lets exactly one poller of a bot's cluster call getUpdates."""

from __future__ import annotations

__version__ = "0.1.0"
