"""Whose records a profile is the fold of: its own, and those of devices that it took over."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from math import inf
from typing import NamedTuple

import asyncpg
import msgspec

from app.engine.records import Merge, Record, Unmerge, arrived_ms

_DEVICES = 'SELECT DISTINCT visitor FROM profile_changes WHERE site_id = $1 AND "into" = ANY ($2::text[])'
_TAKEOVERS = """
    SELECT record FROM profile_changes
    WHERE site_id = $1 AND visitor = ANY ($2::text[]) AND "into" IS NOT NULL ORDER BY at, id
"""
_decoder = msgspec.json.Decoder(Merge | Unmerge)


class Sources(NamedTuple):
    """Up to which instant each visitor's records count, the profile's own included.

    What counts is when a record came: a merge takes over what is known by then. `left` is the merge by which
    the profile itself last went over to another, if that still stands.
    """

    until_ms: Mapping[str, float]
    left: Merge | None

    def hold(self, record: Record) -> bool:
        """Whether a record counts."""
        return arrived_ms(record) <= self.until_ms[record.visitor]

    def have_lost(self, record: Record) -> bool:
        """Whether a record went over to another with the profile itself."""
        return self.left is not None and arrived_ms(record) <= self.left.at_ms


async def sources_of(connection: asyncpg.Connection, site: int, visitor: str) -> Sources:
    """Find whose records make up a profile, as far as merges are stored."""
    return gathered(visitor, await merges_around(connection, site, [visitor]))


async def merges_around(
    connection: asyncpg.Connection, site: int, visitors: Collection[str]
) -> list[Merge | Unmerge]:
    """Read all merges of some visitors and of those that ever led to them, and their undoings, in order."""
    devices = [row["visitor"] for row in await connection.fetch(_DEVICES, site, list(visitors))]
    return await merges_of(connection, site, [*visitors, *devices])


async def merges_of(
    connection: asyncpg.Connection, site: int, devices: Sequence[str]
) -> list[Merge | Unmerge]:
    """Read all merges of some devices, and their undoings, in order."""
    rows = await connection.fetch(_TAKEOVERS, site, devices)
    return [_decoder.decode(row["record"]) for row in rows]


def gathered(visitor: str, changes: Sequence[Merge | Unmerge]) -> Sources:
    """Work the sources of a profile out of all merges and their undoings that concern it, in order."""
    until_ms: dict[str, float] = {visitor: inf}
    for device in {change.visitor for change in changes if change.visitor != visitor}:
        merge = standing(change for change in changes if change.visitor == device)
        if merge is not None and merge.into == visitor:
            until_ms[device] = merge.at_ms
    return Sources(until_ms, standing(change for change in changes if change.visitor == visitor))


def standing(changes: Iterable[Merge | Unmerge]) -> Merge | None:
    """Find the last merge of one device that still stands, among all its merges and undoings in order."""
    stands: Merge | None = None
    for change in changes:
        if isinstance(change, Unmerge):
            stands = None if stands is not None and stands.into == change.into else stands
        elif stands is None or stands.into == change.into:
            # Whoever comes second to a device that is somebody's takes over nothing.
            stands = change
    return stands
