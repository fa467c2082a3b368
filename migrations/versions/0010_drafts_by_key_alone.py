"""Drafts are found by their key alone: before the planner knows a draft it took their place for as good."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("drafts_position_idx", "drafts")


def downgrade() -> None:
    op.create_index("drafts_position_idx", "drafts", ["site_id", "kind", "position"])
