"""The table of runs: work for admins that takes long, and so is done by a process of its own."""

from sqlalchemy import Column, DateTime, Float, Index, Integer, LargeBinary, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from app.storage.metadata import created_at, metadata, site_id

# `kind` says what is done, `asked` with what. `attempt` counts the processes that have taken it up, and only
# the latest may write; `heartbeat_at` says when it was last alive. `result` is JSON and names no visitor.
runs = Table(
    "runs",
    metadata,
    Column("id", Uuid, primary_key=True),
    site_id(),
    Column("kind", Text, nullable=False),
    Column("asked", JSONB, nullable=False),
    Column("state", Text, nullable=False, server_default="queued"),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("progress", Float, nullable=False, server_default="0"),
    Column("error", JSONB(none_as_null=True)),
    Column("result", LargeBinary),
    created_at(),
    Column("started_at", DateTime(timezone=True)),
    Column("heartbeat_at", DateTime(timezone=True)),
    Column("finished_at", DateTime(timezone=True)),
    Index("runs_site_idx", "site_id", "kind", "created_at"),
    Index("runs_open_idx", "created_at", postgresql_where=text("state IN ('queued', 'running')")),
)
