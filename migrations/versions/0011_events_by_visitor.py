"""An event is known by its visitor and its id, as it is where it is taken in: an id is one visitor's own.

`event_ids` keeps a digest of both, behind the time that ids of ours begin with, instead of an id in plain
text, and is made anew from the events that came in the days that ids are kept: nothing of them is forgotten,
but ids whose events were erased since. It waits for whoever is storing, and nothing is stored meanwhile; what
is answered waits in the journal.

Going down keeps all events; of an id that several visitors have used it is known from then on that it was
used, so that whoever uses it next is taken for the same. Where two visitors used one id at the very same
instant it fails, since the table before cannot hold both: one of the two has to be deleted first.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# As `app/journal/rows.py` has it.
DIGEST = "encode(sha256(convert_to(visitor, 'UTF8') || '\\x00'::bytea || convert_to(id, 'UTF8')), 'hex')"
KEY = f"""
    (CASE WHEN id ~ '^[0-9a-f]{{8}}-[0-9a-f]{{4}}-7'
          THEN substr(id, 1, 8) || substr(id, 10, 4) || substr({DIGEST}, 13, 20)
          ELSE substr({DIGEST}, 1, 32) END)::uuid
"""
REBUILD = """
    INSERT INTO event_ids (site_id, {column}, received_at)
    SELECT site_id, {known_by}, max(received_at) FROM events
    WHERE received_at > now() - interval '8 days' GROUP BY 1, 2
"""


def upgrade() -> None:
    make_event_ids(sa.Column("key", sa.Uuid, nullable=False))
    change_key_of_events("site_id, id, visitor, at")
    op.execute(REBUILD.format(column="key", known_by=KEY))


def downgrade() -> None:
    make_event_ids(sa.Column("id", sa.Text, nullable=False))
    change_key_of_events("site_id, id, at")
    op.execute(REBUILD.format(column="id", known_by="id"))


def make_event_ids(known_by: sa.Column[object]) -> None:
    op.drop_table("event_ids")
    op.create_table(
        "event_ids",
        sa.Column("site_id", sa.Integer, nullable=False),
        known_by,
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", known_by.name, name="event_ids_pkey"),
    )
    op.create_index("event_ids_received_at_idx", "event_ids", ["received_at"])


def change_key_of_events(columns: str) -> None:
    op.execute(
        f"ALTER TABLE events DROP CONSTRAINT events_pkey, ADD CONSTRAINT events_pkey PRIMARY KEY ({columns})"
    )
