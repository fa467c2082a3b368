"""Revisions to come: whose changes are in the draft, and what is published at an instant."""

from sqlalchemy import (
    Column,
    DateTime,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.storage.metadata import created_at, metadata, site_id

# Who has changed the draft since it was last published, each by the key with the latest change.
draft_authors = Table(
    "draft_authors",
    metadata,
    site_id(),
    Column("key_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    PrimaryKeyConstraint("site_id", "key_id"),
)

# What is published when. `document` is the draft as it was, `base` the revision then in force (0: none),
# `authors` are the keys that had changed the draft. Once it is published the revision has the document.
scheduled_revisions = Table(
    "scheduled_revisions",
    metadata,
    Column("id", Uuid, primary_key=True),
    site_id(),
    Column("publish_at", DateTime(timezone=True), nullable=False),
    Column("comment", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("key_id", Uuid, nullable=False),
    Column("authors", ARRAY(Uuid), nullable=False),
    Column("base", Integer, nullable=False),
    Column("document", JSONB(none_as_null=True)),
    # "waiting", "published", "failed" or "cancelled".
    Column("status", Text, nullable=False, server_default="waiting"),
    Column("revision", Integer),
    Column("errors", JSONB(none_as_null=True)),
    Column("finished_at", DateTime(timezone=True)),
    created_at(),
    Index("scheduled_revisions_site_idx", "site_id", "id"),
    Index(
        "scheduled_revisions_due_idx", "publish_at", "id", postgresql_where=text("status = 'waiting'::text")
    ),
)
