"""PostgreSQL: connections and tables."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.settings import Settings

# A poller that freezes or is cut off must not keep its claims for long: the server ends the session
# once it has been silent for this many seconds (longer than any handler may take), or is unreachable.
IDLE_CLAIM_SECONDS: Final = 60

# Contents are JSON and not JSONB, which refuses some of what others may send (the character U+0000).
metadata = sa.MetaData()
_now = sa.text("now()")

processed_updates = sa.Table(
    "processed_updates",
    metadata,
    sa.Column("bot_id", sa.BigInteger, primary_key=True),
    sa.Column("update_id", sa.BigInteger, primary_key=True),
    sa.Column("payload", sa.JSON(none_as_null=True)),
    sa.Column("attempts", sa.SmallInteger, nullable=False, server_default="0"),
    sa.Column("received_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
    sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("done_at", sa.DateTime(timezone=True)),
    sa.Column("outcome", sa.Text),
    sa.Index(
        "processed_updates_unfinished", "bot_id", "next_try_at", postgresql_where=sa.text("done_at IS NULL")
    ),
)

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("chat_id", sa.BigInteger),
    sa.Column("input", sa.JSON, nullable=False),
    sa.Column("state", sa.Text, nullable=False, server_default="received"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("object_key", sa.Text),
    sa.Column("message", sa.Text),
    sa.Column("error", sa.Text),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
    sa.Column("telling_at", sa.DateTime(timezone=True)),
    sa.Column("told_at", sa.DateTime(timezone=True)),
    sa.Column("finished_at", sa.DateTime(timezone=True)),
    sa.Index("jobs_unfinished", "created_at", postgresql_where=sa.text("finished_at IS NULL")),
    sa.Index("jobs_of_a_chat", "chat_id", "created_at"),
)

fal_subscriptions = sa.Table(
    "fal_subscriptions",
    metadata,
    sa.Column("request_id", sa.Text, primary_key=True),
    sa.Column("chat_id", sa.BigInteger, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
)


def async_url(database_url: str) -> URL:
    """The URL for asyncpg, which calls libpq's ``sslmode`` ``ssl``."""
    url = make_url(database_url).set(drivername="postgresql+asyncpg")
    mode = url.query.get("sslmode")
    if isinstance(mode, str):
        url = url.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})
    return url


def connect(settings: Settings, *, connections: int) -> AsyncEngine:
    """An engine whose connections give up early instead of hanging; nothing is connected yet.

    Args:
        settings: where the database is.
        connections: how many at the most. They are kept: making one costs more than a query does.
    """
    return create_async_engine(
        async_url(settings.database_url),
        pool_size=connections,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=True,
        hide_parameters=True,  # what users wrote has no place in logs
        connect_args={
            "timeout": 5,
            "server_settings": {
                "application_name": f"reference-app {settings.instance_id}"[:63],
                "idle_in_transaction_session_timeout": f"{IDLE_CLAIM_SECONDS}s",
                "tcp_keepalives_idle": "5",
                "tcp_keepalives_interval": "2",
                "tcp_keepalives_count": "3",
            },
        },
    )
