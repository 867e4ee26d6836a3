"""The first tables: updates, jobs, subscriptions."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0001"
down_revision = None


def _time(name: str, *, now: bool = False, nullable: bool = True) -> sa.Column[object]:
    default = sa.text("now()") if now else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable and not now, server_default=default)


def upgrade() -> None:
    op.create_table(
        "processed_updates",
        sa.Column("bot_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("update_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("payload", sa.JSON),
        sa.Column("attempts", sa.SmallInteger, nullable=False, server_default="0"),
        _time("received_at", now=True),
        _time("next_try_at", nullable=False),
        _time("done_at"),
        sa.Column("outcome", sa.Text),
    )
    op.create_table(
        "jobs",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("chat_id", sa.BigInteger),
        sa.Column("input", sa.JSON, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="received"),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("object_key", sa.Text),
        sa.Column("message", sa.Text),
        sa.Column("error", sa.Text),
        _time("created_at", now=True),
        _time("telling_at"),
        _time("told_at"),
        _time("finished_at"),
        sa.CheckConstraint("state IN ('received', 'stored', 'done', 'failed')", name="jobs_state"),
    )
    op.create_table(
        "fal_subscriptions",
        sa.Column("request_id", sa.Text, primary_key=True),
        sa.Column("chat_id", sa.BigInteger, nullable=False),
        _time("created_at", now=True),
    )
    op.create_index(
        "processed_updates_unfinished",
        "processed_updates",
        ["bot_id", "next_try_at"],
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_index(
        "jobs_unfinished", "jobs", ["created_at"], postgresql_where=sa.text("finished_at IS NULL")
    )
    op.create_index("jobs_of_a_chat", "jobs", ["chat_id", "created_at"])


def downgrade() -> None:
    op.drop_table("fal_subscriptions")
    op.drop_table("jobs")
    op.drop_table("processed_updates")
