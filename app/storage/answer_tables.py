"""The table of answers that are given again to whoever asks again with the same `Idempotency-Key`."""

from sqlalchemy import (
    Column,
    DateTime,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.storage.metadata import metadata, site_id

# `key_id` is the secret key that asked, `request` the hash of what it asked for.
idempotent_answers = Table(
    "idempotent_answers",
    metadata,
    site_id(index=True),
    Column("key_id", Uuid, nullable=False),
    Column("idempotency_key", Text, nullable=False),
    Column("request", LargeBinary, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("key_id", "idempotency_key"),
    Index("idempotent_answers_at_idx", "at"),
)
