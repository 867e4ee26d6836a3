"""COMMAND and its processes: the keeper that runs it, and what watches it."""
