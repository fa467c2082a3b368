"""Who was erased when, and changes of stage by their instant, so that old ones are found."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("site_id", sa.Integer, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("visitor", sa.Text, nullable=False),
        sa.Column("erased", sa.Boolean, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "id", "visitor", name="erasures_pkey"),
    )
    op.create_index("erasures_visitor_idx", "erasures", ["site_id", "visitor", "at"])
    op.create_index("erasures_at_idx", "erasures", ["at"])
    op.create_index("stage_moves_at_idx", "stage_moves", ["site_id", "at"])


def downgrade() -> None:
    op.drop_index("stage_moves_at_idx", "stage_moves")
    op.drop_table("erasures")
