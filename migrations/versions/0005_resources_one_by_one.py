"""Answers that are given again, and drafts by their place, so that one more is put behind the last."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "idempotent_answers",
        sa.Column("site_id", sa.Integer, nullable=False),
        sa.Column("key_id", sa.Uuid, nullable=False),
        sa.Column("idempotency_key", sa.Text, nullable=False),
        sa.Column("request", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("headers", JSONB, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.ForeignKeyConstraint(
            ["site_id"], ["sites.id"], name="idempotent_answers_site_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key_id", "idempotency_key", name="idempotent_answers_pkey"),
    )
    op.create_index("idempotent_answers_site_id_idx", "idempotent_answers", ["site_id"])
    op.create_index("idempotent_answers_at_idx", "idempotent_answers", ["at"])
    op.create_index("drafts_position_idx", "drafts", ["site_id", "kind", "position"])


def downgrade() -> None:
    op.drop_index("drafts_position_idx", "drafts")
    op.drop_table("idempotent_answers")
