"""How keys were hashed, how long they are good and when they were used; who did things by which request."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NEW_COLUMNS = (
    ("keys", "pepper", sa.Text),
    ("keys", "expires_at", sa.DateTime(timezone=True)),
    ("keys", "last_used_at", sa.DateTime(timezone=True)),
    ("keys", "replaced_by", sa.Uuid),
    ("audit", "key_id", sa.Text),
    ("audit", "request_id", sa.Text),
)
IMMUTABLE = ("revisions", "audit")


def upgrade() -> None:
    for table, name, kind in NEW_COLUMNS:
        op.add_column(table, sa.Column(name, kind))
    op.create_index(
        "audit_target_idx",
        "audit",
        ["site_id", "target", "id"],
        postgresql_ops={"target": "text_pattern_ops"},
    )
    for table in IMMUTABLE:
        # Also for a session that has switched ordinary triggers off (session_replication_role).
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_immutable")


def downgrade() -> None:
    for table in IMMUTABLE:
        op.execute(f"ALTER TABLE {table} ENABLE TRIGGER {table}_immutable")
    op.drop_index("audit_target_idx", "audit")
    # Nobody would know any more that they are over.
    op.execute("UPDATE keys SET revoked_at = expires_at WHERE revoked_at IS NULL AND expires_at <= now()")
    for table, name, _ in NEW_COLUMNS:
        op.drop_column(table, name)
