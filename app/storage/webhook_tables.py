"""Who outside is told of what happens, and what is on its way to them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.storage.metadata import created_at, metadata, site_id

# `secrets` are those that sign, the newest first, as [{"secret": …, "until": instant or null}]; `version`
# makes the ETag. Until `busy_until` some process sends what waits for it.
webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Uuid, primary_key=True),
    site_id(index=True),
    Column("url", Text, nullable=False),
    Column("events", ARRAY(Text), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("disabled_because", Text),
    Column("secrets", JSONB, nullable=False),
    Column("version", BigInteger, nullable=False, server_default="1"),
    Column("busy_until", DateTime(timezone=True)),
    created_at(),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

# Each message to each webhook: what waits and, for a while, what became of it. `body` is what is signed, to
# the byte. It is given up a day after `since`.
webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("webhook_id", Uuid, ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    Column("event", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    # "waiting", "delivered" or "failed".
    Column("status", Text, nullable=False, server_default="waiting"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("response_code", Integer),
    Column("error", Text),
    Column("answer", Text),
    Column("since", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("next_at", DateTime(timezone=True), server_default=func.now()),
    Column("last_at", DateTime(timezone=True)),
    created_at(),
    Index("webhook_deliveries_webhook_idx", "webhook_id", "id"),
    Index(
        "webhook_deliveries_due_idx",
        "webhook_id",
        "next_at",
        postgresql_where=text("status = 'waiting'::text"),
    ),
    Index("webhook_deliveries_created_at_idx", "created_at"),
)
