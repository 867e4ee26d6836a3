"""Alembic's environment. The application opens the connection and holds the lock (app.migrate)."""

from __future__ import annotations

from alembic import context
from app.database import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, compare_server_default=True
)
context.run_migrations()
