"""``python -m app migrate [REVISION]``: bring the database to the newest schema, or back to REVISION.

Safe to run any number of times at once: PostgreSQL's lock lets one through and the others find nothing to do.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import aclosing
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from alembic import command
from app import database
from app.settings import Settings
from app.stopping import Backoff

log = logging.getLogger(__name__)

LOCK: Final = 0x61707001  # any number that no one else uses in this database
PATIENCE: Final = 60.0  # seconds to wait for a database that is starting, or for another migration


def configuration() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parents[1] / "alembic"))
    return config


def _migrate(connection: Connection, revision: str) -> tuple[str | None, str | None]:
    """Change the schema in the connection's transaction and return the revisions before and after."""
    connection.execute(sa.text(f"SET LOCAL lock_timeout = '{PATIENCE:.0f}s'"))
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
    config = configuration()
    config.attributes["connection"] = connection
    before = MigrationContext.configure(connection).get_current_revision()
    known = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    if before is not None and before not in known:
        # The newer release that made this schema made it so that this one works with it.
        log.warning("the schema is newer than this release", extra={"revision": before})
        return before, before
    older = revision == "base" or (revision in known and before in known[: known.index(revision)])
    (command.downgrade if older else command.upgrade)(config, revision)
    return before, MigrationContext.configure(connection).get_current_revision()


async def _connect(engine: AsyncEngine) -> AsyncConnection:
    """Connect as soon as the database takes connections; a wrong password or name isn't waited for."""
    deadline = time.monotonic() + PATIENCE
    backoff = Backoff(most=2)
    while True:
        try:
            return await engine.connect()
        except (SQLAlchemyError, OSError) as error:
            state = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
            if state.startswith(("28", "3D")) or time.monotonic() > deadline:
                raise
            log.info("waiting for the database: %s", type(error).__name__)
            await asyncio.sleep(backoff.delay())


async def run(settings: Settings, revision: str = "head") -> int:
    """Migrate and return the exit code."""
    engine = database.connect(settings, connections=1)
    try:
        async with aclosing(await _connect(engine)) as connection, connection.begin():
            before, after = await connection.run_sync(_migrate, revision)
    except (SQLAlchemyError, CommandError, OSError) as error:
        log.error("migration failed, nothing has changed: %s", error)
        return 1
    finally:
        await engine.dispose()
    message = "nothing to migrate" if before == after else "migrated"
    log.info(message, extra={"before": before, "after": after})
    return 0
