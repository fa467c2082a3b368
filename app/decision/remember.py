"""How records that are in the journal reach the stored profile, whoever else writes it at the same time."""

from collections.abc import Sequence

from app.decision.ports import Profiles
from app.engine.profile import Profile
from app.engine.records import Event, Merge, Record
from app.engine.ruleset import Ruleset
from app.profiles.fold import fold
from app.profiles.loaded import Loaded, ProfilesUnavailable
from app.profiles.merge import joined, left_behind, may_take_over

ATTEMPTS = 200


async def remember(
    profiles: Profiles,
    loaded: Loaded,
    records: Sequence[Record],
    ruleset: Ruleset | None,
    device: Loaded | None = None,
    folded: Profile | None = None,
) -> None:
    """Fold somebody's records into their profile as loaded, or as somebody else has left it since.

    Where the records begin with a merge, `device` is what it takes over, as loaded. `folded` is the profile
    as loaded with all records in it, where that is at hand.

    Raises:
        ProfilesUnavailable: where the store is away, or others were quicker every time.

    """
    first, taken = records[0], None
    site, visitor = first.site, first.visitor
    if isinstance(first, Merge) and device is not None:
        visitor, taken = first.into, await _empty(profiles, device, first)
    ids = [record.id for record in records if isinstance(record, Event)]
    for _ in range(ATTEMPTS):
        new = [r for r in records if not (isinstance(r, Event) and r.id in loaded.known_ids)]
        if not new:
            return
        base = loaded.profile
        if taken is not None:
            base, _ = joined(base, taken, first.at_ms, ruleset)
        after = fold(base, new, ruleset) if folded is None else folded
        if await profiles.save(site, visitor, loaded, after, ids):
            return
        loaded, folded = await profiles.load(site, visitor, ids), None
    raise _beaten()


async def _empty(profiles: Profiles, device: Loaded, merge: Merge) -> Profile | None:
    """Take what a device has, and answer it; None where somebody else was quicker to take it.

    This comes before the profile that takes it over: of two who do so at once, one finds nothing there.
    """
    for _ in range(ATTEMPTS):
        if not may_take_over(device.profile, merge.into):
            return None
        left = left_behind(device.profile, merge.into)
        if await profiles.save(merge.site, merge.visitor, device, left):
            return device.profile
        device = await profiles.load(merge.site, merge.visitor)
    raise _beaten()


def _beaten() -> ProfilesUnavailable:
    return ProfilesUnavailable(f"the profile changed under {ATTEMPTS} attempts to write it")
