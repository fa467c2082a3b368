"""Records that reach PostgreSQL behind later ones: whose they are, and whose traits they put in question."""

from collections.abc import Iterator, Mapping, Sequence

import asyncpg
from msgspec.structs import replace

from app.engine.profile import Profile
from app.engine.records import Event, Merge, Record, TraitsSet, Unmerge, arrived_ms
from app.profiles.sources import merges_of, standing
from app.profiles.together import ProfileKey, keys_of


async def gone_over(
    connection: asyncpg.Connection, profiles: Mapping[ProfileKey, Profile], records: Sequence[Record]
) -> dict[ProfileKey, Merge]:
    """Find the merge by which each device last went over, before these records were stored, if it stands."""
    ours = {record.id for record in records if isinstance(record, Merge | Unmerge)}
    owned = {(one.site, one.visitor) for one in records if profiles[one.site, one.visitor].owner is not None}
    merges: dict[ProfileKey, Merge] = {}
    for site in {site for site, _ in owned}:
        devices = [visitor for owned_at, visitor in owned if owned_at == site]
        stored = [one for one in await merges_of(connection, site, devices) if one.id not in ours]
        by_device = {one: standing(change for change in stored if change.visitor == one) for one in devices}
        merges |= {(site, device): merge for device, merge in by_device.items() if merge is not None}
    return merges


def whose(record: Record, merges: Mapping[ProfileKey, Merge]) -> Iterator[Record]:
    """Tell a record for each profile that it belongs to, as if it had not come behind a merge."""
    merge = merges.get((record.site, record.visitor))
    if merge is None or isinstance(record, Merge | Unmerge) or arrived_ms(record) > merge.at_ms:
        yield record
        return
    # What was learnt goes over; what was shown and said is also kept on the device.
    if not isinstance(record, Event | TraitsSet):
        yield record
    yield replace(record, visitor=merge.into)


def set_behind(profiles: Mapping[ProfileKey, Profile], records: Sequence[Record]) -> set[ProfileKey]:
    """Name the profiles into which these records, in order, bring traits from before what they have."""
    behind: set[ProfileKey] = set()
    for record in records:
        if isinstance(record, TraitsSet | Merge):
            keys = keys_of(record)
            if any(key in behind or record.at_ms <= profiles[key].traits_ms for key in keys):
                behind.update(keys)
    return behind
