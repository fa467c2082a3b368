"""The first tables: sites, keys, drafts, revisions, audit, profiles, and what the journal is shipped into."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

PARTITIONED = ("assignments", "events")
IMMUTABLE = ("revisions", "audit")

DAILY_PARTITIONS = """
DO $$
DECLARE
    today date := (now() AT TIME ZONE 'UTC')::date;
    day date;
BEGIN
    FOR offset_days IN -90..7 LOOP
        day := today + offset_days;
        EXECUTE format(
            'CREATE TABLE %1$I PARTITION OF {table} FOR VALUES FROM (%2$L) TO (%3$L)',
            '{table}_' || to_char(day, 'YYYYMMDD'), day || ' 00:00:00+00', (day + 1) || ' 00:00:00+00'
        );
    END LOOP;
END $$
"""

REFUSE_CHANGE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is immutable: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$
"""


def upgrade() -> None:
    create_sites_and_keys()
    create_drafts()
    create_revisions()
    create_audit()
    create_profiles()
    create_assignments()
    create_events()
    create_journal_positions()
    for table in PARTITIONED:
        # The safety net for instants outside the days: nothing that was answered may be refused here.
        op.execute(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT")
        op.execute(DAILY_PARTITIONS.format(table=table))
    op.execute(REFUSE_CHANGE)
    for table in IMMUTABLE:
        op.execute(
            f"CREATE TRIGGER {table}_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    for table in ("journal_positions", "event_ids", "events", "assignments", "profiles"):
        op.drop_table(table)
    for table in ("audit", "revisions", "drafts", "keys", "sites"):
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_change()")


def instant(name: str, *, default_now: bool = False) -> sa.Column[object]:
    default = sa.func.now() if default_now else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=default)


def text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable)


def site_id() -> sa.Column[int]:
    return sa.Column("site_id", sa.Integer, nullable=False)


def of_a_site(table: str, *, cascade: bool) -> sa.ForeignKeyConstraint:
    action = "CASCADE" if cascade else None
    return sa.ForeignKeyConstraint(["site_id"], ["sites.id"], f"{table}_site_id_fkey", ondelete=action)


def create_sites_and_keys() -> None:
    op.create_table(
        "sites",
        sa.Column("id", sa.Integer, sa.Identity(), nullable=False),
        text("key"),
        text("identity_secret"),
        instant("created_at", default_now=True),
        sa.PrimaryKeyConstraint("id", name="sites_pkey"),
        sa.UniqueConstraint("key", name="sites_key_key"),
    )
    op.create_table(
        "keys",
        sa.Column("id", sa.Uuid, nullable=False),
        site_id(),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        text("kind"),
        text("role", nullable=True),
        text("name"),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        instant("created_at", default_now=True),
        sa.PrimaryKeyConstraint("id", name="keys_pkey"),
        of_a_site("keys", cascade=True),
        sa.UniqueConstraint("hash", name="keys_hash_key"),
    )
    op.create_index("keys_site_id_idx", "keys", ["site_id"])


def create_drafts() -> None:
    op.create_table(
        "drafts",
        site_id(),
        text("kind"),
        text("key"),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("document", JSONB, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False, server_default="1"),
        instant("updated_at", default_now=True),
        sa.PrimaryKeyConstraint("site_id", "kind", "key", name="drafts_pkey"),
        of_a_site("drafts", cascade=True),
    )


def create_revisions() -> None:
    op.create_table(
        "revisions",
        site_id(),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("document", JSONB, nullable=False),
        text("author"),
        text("comment"),
        instant("created_at", default_now=True),
        sa.PrimaryKeyConstraint("site_id", "number", name="revisions_pkey"),
        of_a_site("revisions", cascade=False),
    )


def create_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        site_id(),
        instant("at", default_now=True),
        text("actor"),
        text("action"),
        text("target"),
        sa.Column("before", JSONB),
        sa.Column("after", JSONB),
        sa.PrimaryKeyConstraint("id", name="audit_pkey"),
        of_a_site("audit", cascade=False),
    )
    op.create_index("audit_site_idx", "audit", ["site_id", "id"])


def create_profiles() -> None:
    op.create_table(
        "profiles",
        site_id(),
        text("visitor"),
        sa.Column("body", sa.LargeBinary, nullable=False),
        instant("updated_at", default_now=True),
        sa.PrimaryKeyConstraint("site_id", "visitor", name="profiles_pkey"),
    )


def create_assignments() -> None:
    op.create_table(
        "assignments",
        site_id(),
        sa.Column("decision_id", sa.Uuid, nullable=False),
        text("experiment"),
        text("unit"),
        text("visitor"),
        text("arm"),
        sa.Column("phase", sa.SmallInteger, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("first", sa.Boolean, nullable=False),
        text("stage", nullable=True),
        sa.Column("stages", JSONB, nullable=False),
        sa.Column("segments", ARRAY(sa.Text), nullable=False),
        text("device", nullable=True),
        text("country", nullable=True),
        instant("at"),
        sa.PrimaryKeyConstraint("decision_id", "experiment", "at", name="assignments_pkey"),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("assignments_unit_idx", "assignments", ["site_id", "experiment", "unit", "at"])


def create_events() -> None:
    op.create_table(
        "events",
        site_id(),
        text("id"),
        text("visitor"),
        text("name"),
        sa.Column("properties", JSONB, nullable=False),
        instant("at"),
        instant("received_at"),
        sa.Column("trusted", sa.Boolean, nullable=False),
        sa.Column("profile_only", sa.Boolean, nullable=False),
        sa.Column("results_only", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("site_id", "id", "at", name="events_pkey"),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("events_visitor_idx", "events", ["site_id", "visitor", "name", "at"])
    op.create_table(
        "event_ids",
        site_id(),
        text("id"),
        instant("received_at"),
        sa.PrimaryKeyConstraint("site_id", "id", name="event_ids_pkey"),
    )
    op.create_index("event_ids_received_at_idx", "event_ids", ["received_at"])


def create_journal_positions() -> None:
    op.create_table(
        "journal_positions",
        text("stream"),
        sa.Column("segment", sa.BigInteger, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        instant("updated_at", default_now=True),
        sa.PrimaryKeyConstraint("stream", name="journal_positions_pkey"),
    )
