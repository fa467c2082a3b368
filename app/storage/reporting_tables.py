"""What results rest on: each unit as it counts, and the sums over units that are answered from."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Identity,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from app.storage.metadata import metadata

# Visitors of whom something was stored that results may rest on; whoever ships it marks them, and who counts
# them anew takes the marks away. One that stands twice is counted once. Of who is `erased` nothing may stay
# that was counted before.
recount_marks = Table(
    "recount_marks",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("site_id", Integer, nullable=False),
    Column("visitor", Text, nullable=False),
    Column("erased", Boolean, nullable=False, server_default=text("false")),
)

# Which experiments are summed up, and by which metrics: under another fingerprint they are summed up anew.
rollups = Table(
    "rollups",
    metadata,
    Column("site_id", Integer, nullable=False),
    Column("experiment", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("counted_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("site_id", "experiment"),
)

# Each unit as it counts now: its first assignment, and what it did, a number for each column of each metric.
unit_facts = Table(
    "unit_facts",
    metadata,
    Column("site_id", Integer, nullable=False),
    Column("experiment", Text, nullable=False),
    Column("unit", Text, nullable=False),
    # Who it was when it was first assigned.
    Column("visitor", Text, nullable=False),
    Column("phase", SmallInteger, nullable=False),
    Column("arm", Text, nullable=False),
    Column("first_at", DateTime(timezone=True), nullable=False),
    Column("crossed", Boolean, nullable=False),
    Column("exposed", Boolean, nullable=False),
    Column("stage", Text),
    Column("segments", ARRAY(Text), nullable=False),
    Column("device", Text),
    Column("country", Text),
    Column("worth", ARRAY(Double), nullable=False),
    PrimaryKeyConstraint("site_id", "experiment", "unit"),
    Index("unit_facts_visitor_idx", "site_id", "visitor"),
)

# Over the units of one cell: how many there are, how many crossed, and every Σx and Σxy. `cut` is empty for
# all units together, else what they are cut by. Decimals add up to the same in any order.
rollup_sums = Table(
    "rollup_sums",
    metadata,
    Column("site_id", Integer, nullable=False),
    Column("experiment", Text, nullable=False),
    Column("phase", SmallInteger, nullable=False),
    Column("cut", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("arm", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("exposed", Boolean, nullable=False),
    Column("units", BigInteger, nullable=False),
    Column("crossed", BigInteger, nullable=False),
    Column("moments", ARRAY(Numeric), nullable=False),
    PrimaryKeyConstraint("site_id", "experiment", "phase", "cut", "value", "arm", "day", "exposed"),
)
