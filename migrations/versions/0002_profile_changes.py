"""What profiles rest on besides events and arms, their changes of stage, and what decisions were taken on."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

DAILY_PARTITIONS = """
DO $$
DECLARE
    today date := (now() AT TIME ZONE 'UTC')::date;
    day date;
BEGIN
    FOR offset_days IN -90..7 LOOP
        day := today + offset_days;
        EXECUTE format(
            'CREATE TABLE %1$I PARTITION OF decisions FOR VALUES FROM (%2$L) TO (%3$L)',
            'decisions_' || to_char(day, 'YYYYMMDD'), day || ' 00:00:00+00', (day + 1) || ' 00:00:00+00'
        );
    END LOOP;
END $$
"""


def upgrade() -> None:
    create_profile_changes()
    create_stage_moves()
    create_decisions()
    # An arm taken without consent to personalization is in no profile, also where one is folded anew.
    results_only = sa.Column("results_only", sa.Boolean, nullable=False, server_default=sa.text("false"))
    op.add_column("assignments", results_only)
    op.create_index("assignments_visitor_idx", "assignments", ["site_id", "visitor", "at"])


def downgrade() -> None:
    op.drop_index("assignments_visitor_idx", "assignments")
    op.drop_column("assignments", "results_only")
    for table in ("decisions", "stage_moves", "profile_changes"):
        op.drop_table(table)


def instant(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable)


def number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def id_() -> sa.Column[object]:
    return sa.Column("id", sa.Uuid, nullable=False)


def create_profile_changes() -> None:
    op.create_table(
        "profile_changes",
        number("site_id"),
        id_(),
        text("visitor"),
        text("into", nullable=True),
        sa.Column("record", sa.LargeBinary, nullable=False),
        instant("at"),
        sa.PrimaryKeyConstraint("site_id", "id", name="profile_changes_pkey"),
    )
    op.create_index("profile_changes_visitor_idx", "profile_changes", ["site_id", "visitor", "at"])
    merges = sa.text('"into" IS NOT NULL')
    op.create_index(
        "profile_changes_into_idx", "profile_changes", ["site_id", "into"], postgresql_where=merges
    )


def create_stage_moves() -> None:
    op.create_table(
        "stage_moves",
        number("site_id"),
        id_(),
        text("visitor"),
        text("journey"),
        text("came_from", nullable=True),
        text("stage"),
        text("because"),
        number("revision"),
        instant("at"),
        sa.PrimaryKeyConstraint("site_id", "id", name="stage_moves_pkey"),
    )
    op.create_index("stage_moves_visitor_idx", "stage_moves", ["site_id", "visitor", "at"])


def create_decisions() -> None:
    op.create_table(
        "decisions",
        number("site_id"),
        id_(),
        text("visitor"),
        number("revision"),
        sa.Column("asked", sa.LargeBinary, nullable=False),
        instant("at"),
        sa.PrimaryKeyConstraint("id", "at", name="decisions_pkey"),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("decisions_visitor_idx", "decisions", ["site_id", "visitor", "at"])
    op.execute("CREATE TABLE decisions_default PARTITION OF decisions DEFAULT")
    op.execute(DAILY_PARTITIONS)
