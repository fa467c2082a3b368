"""Records that reach PostgreSQL behind later ones: whose they are, and which profiles they put in doubt."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import asyncpg
from msgspec.structs import replace

from app.engine.profile import Profile
from app.engine.records import Event, Merge, Record, TraitsSet, Unmerge, arrived_ms
from app.profiles.count import earlier
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


def keep_first_seen(
    profiles: Mapping[ProfileKey, Profile], records: Iterable[Record], merges: Mapping[ProfileKey, Merge]
) -> None:
    """Let devices know since when they were seen, though what they did then has gone over to others."""
    for record in records:
        if isinstance(record, Event) and record not in whose(record, merges):
            device = profiles[record.site, record.visitor]
            device.first_ms = earlier(device.first_ms, record.at_ms)


def merged_behind(profiles: Mapping[ProfileKey, Profile], records: Iterable[Record]) -> set[ProfileKey]:
    """Name both sides of merges that come behind what the device has had since: that is its own."""
    return {
        key
        for record in records
        if isinstance(record, Merge) and _latest_ms(profiles[record.site, record.visitor]) > record.at_ms
        for key in keys_of(record)
    }


def _latest_ms(profile: Profile) -> int:
    """Tell of when the latest is that a profile knows of."""
    shown = (at_ms for delivered in profile.caps.values() for at_ms in delivered[-1:])
    held = (one.at_ms for each in (profile.arms, profile.consent) for one in each.values())
    return max((profile.settled_ms, *shown, *held))


def set_behind(profiles: Mapping[ProfileKey, Profile], records: Sequence[Record]) -> set[ProfileKey]:
    """Name the profiles into which these records, in order, bring traits from before what they have."""
    behind: set[ProfileKey] = set()
    for record in records:
        if isinstance(record, TraitsSet | Merge):
            keys = keys_of(record)
            if any(key in behind or record.at_ms <= profiles[key].traits_ms for key in keys):
                behind.update(keys)
    return behind
