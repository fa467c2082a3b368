"""Long work for admins, and logged decisions by their instant."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("site_id", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("asked", JSONB, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="queued"),
        sa.Column("attempt", sa.Integer, nullable=False, server_default="0"),
        sa.Column("progress", sa.Float, nullable=False, server_default="0"),
        sa.Column("error", JSONB),
        sa.Column("result", sa.LargeBinary),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="runs_pkey"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name="runs_site_id_fkey", ondelete="CASCADE"),
    )
    op.create_index("runs_site_idx", "runs", ["site_id", "kind", "created_at"])
    still_open = sa.text("state IN ('queued', 'running')")
    op.create_index("runs_open_idx", "runs", ["created_at"], postgresql_where=still_open)
    op.create_index("decisions_at_idx", "decisions", ["site_id", "at", "id"])


def downgrade() -> None:
    op.drop_index("decisions_at_idx", "decisions")
    op.drop_table("runs")
