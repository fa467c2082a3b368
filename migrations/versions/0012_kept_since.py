"""Since when each site has all its rows, and whose erasure results have still to follow."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# What every revision let go of until the next one was in force; before the first, and where a revision says
# nothing, the defaults.
_NOTE = """
    INSERT INTO kept_since (site_id, table_name, since)
    SELECT site_id, table_name, max(until - days * interval '1 day')
    FROM (
        SELECT sites.id AS site_id, table_name,
               coalesce((document #>> ARRAY['site', 'retention', table_name || '_days'])::numeric, usual)
                   AS days,
               coalesce(
                   lead(revisions.created_at) OVER (PARTITION BY sites.id, table_name ORDER BY number), now()
               ) AS until
        FROM sites
        CROSS JOIN (
            VALUES ('assignments', 800), ('decisions', 30), ('events', 400)
        ) AS kept (table_name, usual)
        LEFT JOIN revisions ON site_id = sites.id
    ) AS told
    GROUP BY site_id, table_name
"""


def upgrade() -> None:
    op.create_table(
        "kept_since",
        sa.Column("site_id", sa.Integer, nullable=False),
        sa.Column("table_name", sa.Text, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "table_name", name="kept_since_pkey"),
    )
    op.execute(_NOTE)
    op.add_column(
        "recount_marks", sa.Column("erased", sa.Boolean, nullable=False, server_default=sa.text("false"))
    )


def downgrade() -> None:
    op.drop_column("recount_marks", "erased")
    op.drop_table("kept_since")
