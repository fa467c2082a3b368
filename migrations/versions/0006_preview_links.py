"""What preview links are signed with, for each site its own: 244 random bits, until it is replaced."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "sites",
        sa.Column(
            "preview_secret",
            sa.Text,
            nullable=False,
            # It differs from row to row, in those that are there already too.
            server_default=sa.text("((gen_random_uuid())::text || (gen_random_uuid())::text)"),
        ),
    )


def downgrade() -> None:
    op.drop_column("sites", "preview_secret")
