"""Units as they count, the sums over them that results are answered from, and who has to be counted anew."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recount_marks",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("site_id", sa.Integer, nullable=False),
        sa.Column("visitor", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="recount_marks_pkey"),
    )
    op.create_table(
        "rollups",
        sa.Column("site_id", sa.Integer, nullable=False),
        sa.Column("experiment", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "experiment", name="rollups_pkey"),
    )
    _make_units()
    _make_sums()


def _make_units() -> None:
    op.create_table(
        "unit_facts",
        sa.Column("site_id", sa.Integer, nullable=False),
        sa.Column("experiment", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("visitor", sa.Text, nullable=False),
        sa.Column("phase", sa.SmallInteger, nullable=False),
        sa.Column("arm", sa.Text, nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("crossed", sa.Boolean, nullable=False),
        sa.Column("exposed", sa.Boolean, nullable=False),
        sa.Column("stage", sa.Text),
        sa.Column("segments", ARRAY(sa.Text), nullable=False),
        sa.Column("device", sa.Text),
        sa.Column("country", sa.Text),
        sa.Column("worth", ARRAY(sa.Double), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "experiment", "unit", name="unit_facts_pkey"),
    )
    op.create_index("unit_facts_visitor_idx", "unit_facts", ["site_id", "visitor"])


def _make_sums() -> None:
    op.create_table(
        "rollup_sums",
        sa.Column("site_id", sa.Integer, nullable=False),
        sa.Column("experiment", sa.Text, nullable=False),
        sa.Column("phase", sa.SmallInteger, nullable=False),
        sa.Column("cut", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("arm", sa.Text, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("exposed", sa.Boolean, nullable=False),
        sa.Column("units", sa.BigInteger, nullable=False),
        sa.Column("crossed", sa.BigInteger, nullable=False),
        sa.Column("moments", ARRAY(sa.Numeric), nullable=False),
        sa.PrimaryKeyConstraint(
            "site_id",
            "experiment",
            "phase",
            "cut",
            "value",
            "arm",
            "day",
            "exposed",
            name="rollup_sums_pkey",
        ),
    )


def downgrade() -> None:
    for table in ("rollup_sums", "unit_facts", "rollups", "recount_marks"):
        op.drop_table(table)
