"""The highest phase that each experiment ever had, which publishing asked every revision for."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# By whichever version of the program a revision is inserted.
_KEEP_PHASES = """
    CREATE FUNCTION keep_phases() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO experiment_phases AS held (site_id, experiment, phase)
        SELECT NEW.site_id, given ->> 'key', max(coalesce((given ->> 'phase')::integer, 1))
        FROM jsonb_array_elements(NEW.document -> 'experiments') AS given
        GROUP BY given ->> 'key'
        ON CONFLICT (site_id, experiment) DO UPDATE SET phase = excluded.phase
        WHERE held.phase < excluded.phase;
        RETURN NULL;
    END $$
"""
_TRIGGER = """
    CREATE TRIGGER revisions_phases AFTER INSERT ON revisions FOR EACH ROW EXECUTE FUNCTION keep_phases()
"""
_FILL = """
    INSERT INTO experiment_phases (site_id, experiment, phase)
    SELECT site_id, given ->> 'key', max(coalesce((given ->> 'phase')::integer, 1))
    FROM revisions CROSS JOIN LATERAL jsonb_array_elements(document -> 'experiments') AS given
    GROUP BY site_id, given ->> 'key'
"""


def upgrade() -> None:
    op.create_table(
        "experiment_phases",
        sa.Column("site_id", sa.Integer, nullable=False),
        sa.Column("experiment", sa.Text, nullable=False),
        sa.Column("phase", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("site_id", "experiment", name="experiment_phases_pkey"),
    )
    op.execute(_KEEP_PHASES)
    # Nobody inserts between this and the end of the migration.
    op.execute(_TRIGGER)
    op.execute(_FILL)


def downgrade() -> None:
    op.execute("DROP TRIGGER revisions_phases ON revisions")
    op.execute("DROP FUNCTION keep_phases()")
    op.drop_table("experiment_phases")
