"""The tables, as SQLAlchemy Core describes them; migrations make them so and a test compares the two."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.storage.metadata import created_at, metadata, site_id

sites = Table(
    "sites",
    metadata,
    Column("id", Integer, Identity(), primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    # HMAC key of `user_proof`; never answered by any route.
    Column("identity_secret", Text, nullable=False),
    # What preview links are signed with; another one ends them all. Written as PostgreSQL tells it.
    Column(
        "preview_secret",
        Text,
        nullable=False,
        server_default=text("((gen_random_uuid())::text || (gen_random_uuid())::text)"),
    ),
    created_at(),
)

keys = Table(
    "keys",
    metadata,
    Column("id", Uuid, primary_key=True),
    site_id(index=True),
    Column("hash", LargeBinary, nullable=False, unique=True),
    # "public" or "secret"; `role` is null for a public key.
    Column("kind", Text, nullable=False),
    Column("role", Text),
    Column("name", Text, nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
    created_at(),
    # The name of what it was hashed with; null where that was nothing.
    Column("pepper", Text),
    Column("expires_at", DateTime(timezone=True)),
    # To the minute, and some seconds late.
    Column("last_used_at", DateTime(timezone=True)),
    # The key that it was rotated to.
    Column("replaced_by", Uuid),
)

# One row for each draft resource. `kind` is the list of the document it stands in ("placements", "rules" ...;
# "site" and "holdout" have one row each), `position` and then `key` its place there; `version` counts its
# changes.
drafts = Table(
    "drafts",
    metadata,
    site_id(),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("document", JSONB, nullable=False),
    Column("version", BigInteger, nullable=False, server_default="1"),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("site_id", "kind", "key"),
    # No index by position: the planner, to whom a draft is new, would take it for as good as the key.
)

# Immutable: a trigger refuses UPDATE, DELETE and TRUNCATE, so a site that was ever published stays.
revisions = Table(
    "revisions",
    metadata,
    site_id(kept=True),
    Column("number", Integer, nullable=False),
    Column("document", JSONB, nullable=False),
    Column("author", Text, nullable=False),
    Column("comment", Text, nullable=False),
    created_at(),
    PrimaryKeyConstraint("site_id", "number"),
)

# The highest phase that an experiment of a site ever had; a trigger keeps it as revisions are inserted.
experiment_phases = Table(
    "experiment_phases",
    metadata,
    Column("site_id", Integer, nullable=False),
    Column("experiment", Text, nullable=False),
    Column("phase", Integer, nullable=False),
    PrimaryKeyConstraint("site_id", "experiment"),
)

# The durable copy of a profile, folded by the shipper; `body` is what the cache holds too.
profiles = Table(
    "profiles",
    metadata,
    Column("site_id", Integer, nullable=False),
    Column("visitor", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("site_id", "visitor"),
)

# Partitioned by day of `at`. A decision writes at most one row for each experiment.
assignments = Table(
    "assignments",
    metadata,
    Column("site_id", Integer, nullable=False),
    Column("decision_id", Uuid, nullable=False),
    Column("experiment", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("visitor", Text, nullable=False),
    Column("arm", Text, nullable=False),
    Column("phase", SmallInteger, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("first", Boolean, nullable=False),
    Column("stage", Text),
    Column("stages", JSONB, nullable=False),
    Column("segments", ARRAY(Text), nullable=False),
    Column("device", Text),
    Column("country", Text),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("results_only", Boolean, nullable=False, server_default=text("false")),
    PrimaryKeyConstraint("decision_id", "experiment", "at"),
    Index("assignments_unit_idx", "site_id", "experiment", "unit", "at"),
    Index("assignments_visitor_idx", "site_id", "visitor", "at"),
    postgresql_partition_by="RANGE (at)",
)

# Partitioned by day of `at`.
events = Table(
    "events",
    metadata,
    Column("site_id", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("visitor", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("properties", JSONB, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("trusted", Boolean, nullable=False),
    Column("profile_only", Boolean, nullable=False),
    Column("results_only", Boolean, nullable=False),
    PrimaryKeyConstraint("site_id", "id", "visitor", "at"),
    Index("events_visitor_idx", "site_id", "visitor", "name", "at"),
    postgresql_partition_by="RANGE (at)",
)

# What only profiles rest on, each as its record in JSON: caps delivered, consent said, traits set, merges
# made and undone. `into` is the profile that a merge leads to.
profile_changes = Table(
    "profile_changes",
    metadata,
    Column("site_id", Integer, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("visitor", Text, nullable=False),
    Column("into", Text),
    Column("record", LargeBinary, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("site_id", "id"),
    Index("profile_changes_visitor_idx", "site_id", "visitor", "at"),
    Index("profile_changes_into_idx", "site_id", "into", postgresql_where=text('"into" IS NOT NULL')),
)

# Each change of stage, told by the fold that makes a profile durable; `because` names the condition.
stage_moves = Table(
    "stage_moves",
    metadata,
    Column("site_id", Integer, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("visitor", Text, nullable=False),
    Column("journey", Text, nullable=False),
    Column("came_from", Text),
    Column("stage", Text, nullable=False),
    Column("because", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("site_id", "id"),
    Index("stage_moves_visitor_idx", "site_id", "visitor", "at"),
    Index("stage_moves_at_idx", "site_id", "at"),
)

# Who was erased when: what came before and reaches PostgreSQL after is not stored. A row that says not
# `erased` is of a user who had taken over one of them, and was folded anew.
erasures = Table(
    "erasures",
    metadata,
    Column("site_id", Integer, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("visitor", Text, nullable=False),
    Column("erased", Boolean, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("site_id", "id", "visitor"),
    Index("erasures_visitor_idx", "site_id", "visitor", "at"),
    Index("erasures_at_idx", "at"),
)

# Partitioned by day of `at`, the instant in the id. `asked` is what the decision was taken on, as JSON.
decisions = Table(
    "decisions",
    metadata,
    Column("site_id", Integer, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("visitor", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("asked", LargeBinary, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("id", "at"),
    Index("decisions_visitor_idx", "site_id", "visitor", "at"),
    # The latest of a site are read page by page.
    Index("decisions_at_idx", "site_id", "at", "id"),
    postgresql_partition_by="RANGE (at)",
)

# What has one partition for each day, and a default one for all others.
PARTITIONED = ("assignments", "decisions", "events")

# Since when a site has all rows of a table of days that it ever had: what is older may be gone. This is
# written before anything goes, and only grows.
kept_since = Table(
    "kept_since",
    metadata,
    Column("site_id", Integer, nullable=False),
    Column("table_name", Text, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("site_id", "table_name"),
)

# The truth about which events are known, across days: an id of a visitor counts once however often it is
# sent. `key` is a digest of both, so that nobody can be found here.
event_ids = Table(
    "event_ids",
    metadata,
    Column("site_id", Integer, nullable=False),
    Column("key", Uuid, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("site_id", "key"),
    Index("event_ids_received_at_idx", "received_at"),
)

# How far each journal stream is shipped; moved in the transaction that stores the records.
journal_positions = Table(
    "journal_positions",
    metadata,
    Column("stream", Text, primary_key=True),
    Column("segment", BigInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

# Immutable like revisions: who changed what, with the values before and after.
audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    site_id(kept=True),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("before", JSONB(none_as_null=True)),
    Column("after", JSONB(none_as_null=True)),
    # `actor` is the name that the key had; both are null in rows from before they were kept.
    Column("key_id", Text),
    Column("request_id", Text),
    Index("audit_site_idx", "site_id", "id"),
    Index("audit_target_idx", "site_id", "target", "id", postgresql_ops={"target": "text_pattern_ops"}),
)
