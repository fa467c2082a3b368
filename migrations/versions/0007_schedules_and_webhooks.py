"""Who changed the draft, what is published at an instant, and whom that is told to."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

WAITING = sa.text("status = 'waiting'")


def upgrade() -> None:
    create_draft_authors()
    create_scheduled_revisions()
    create_webhooks()
    create_webhook_deliveries()


def downgrade() -> None:
    for table in ("webhook_deliveries", "webhooks", "scheduled_revisions", "draft_authors"):
        op.drop_table(table)


def instant(name: str, *, nullable: bool = False, default: str | None = "now()") -> sa.Column[object]:
    made = None if default is None else sa.text(default)
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=made)


def text(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable, server_default=default)


def id_(name: str = "id") -> sa.Column[object]:
    return sa.Column(name, sa.Uuid, nullable=False)


def site_id() -> sa.Column[int]:
    return sa.Column("site_id", sa.Integer, nullable=False)


def of_a_site(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["site_id"], ["sites.id"], f"{table}_site_id_fkey", ondelete="CASCADE")


def create_draft_authors() -> None:
    op.create_table(
        "draft_authors",
        site_id(),
        id_("key_id"),
        text("name"),
        instant("changed_at", default="clock_timestamp()"),
        sa.PrimaryKeyConstraint("site_id", "key_id", name="draft_authors_pkey"),
        of_a_site("draft_authors"),
    )


def create_scheduled_revisions() -> None:
    op.create_table(
        "scheduled_revisions",
        id_(),
        site_id(),
        instant("publish_at", default=None),
        text("comment"),
        text("author"),
        id_("key_id"),
        sa.Column("authors", ARRAY(sa.Uuid), nullable=False),
        sa.Column("base", sa.Integer, nullable=False),
        sa.Column("document", JSONB),
        text("status", default="waiting"),
        sa.Column("revision", sa.Integer),
        sa.Column("errors", JSONB),
        instant("finished_at", nullable=True, default=None),
        instant("created_at"),
        sa.PrimaryKeyConstraint("id", name="scheduled_revisions_pkey"),
        of_a_site("scheduled_revisions"),
    )
    op.create_index("scheduled_revisions_site_idx", "scheduled_revisions", ["site_id", "id"])
    op.create_index(
        "scheduled_revisions_due_idx", "scheduled_revisions", ["publish_at", "id"], postgresql_where=WAITING
    )


def create_webhooks() -> None:
    op.create_table(
        "webhooks",
        id_(),
        site_id(),
        text("url"),
        sa.Column("events", ARRAY(sa.Text), nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        text("disabled_because", nullable=True),
        sa.Column("secrets", JSONB, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False, server_default="1"),
        instant("busy_until", nullable=True, default=None),
        instant("created_at"),
        instant("updated_at"),
        sa.PrimaryKeyConstraint("id", name="webhooks_pkey"),
        of_a_site("webhooks"),
    )
    op.create_index("webhooks_site_id_idx", "webhooks", ["site_id"])


def create_webhook_deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        id_(),
        id_("webhook_id"),
        text("event"),
        sa.Column("body", sa.LargeBinary, nullable=False),
        text("status", default="waiting"),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("response_code", sa.Integer),
        text("error", nullable=True),
        text("answer", nullable=True),
        instant("since"),
        instant("next_at", nullable=True),
        instant("last_at", nullable=True, default=None),
        instant("created_at"),
        sa.PrimaryKeyConstraint("id", name="webhook_deliveries_pkey"),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhooks.id"], "webhook_deliveries_webhook_id_fkey", ondelete="CASCADE"
        ),
    )
    op.create_index("webhook_deliveries_webhook_idx", "webhook_deliveries", ["webhook_id", "id"])
    op.create_index(
        "webhook_deliveries_due_idx",
        "webhook_deliveries",
        ["webhook_id", "next_at"],
        postgresql_where=WAITING,
    )
    op.create_index("webhook_deliveries_created_at_idx", "webhook_deliveries", ["created_at"])
