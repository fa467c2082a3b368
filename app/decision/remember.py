"""How records that are in the journal reach the stored profile, whoever else writes it at the same time."""

from collections.abc import Sequence

from app.decision.ports import Profiles
from app.engine.records import Event, Record
from app.engine.ruleset import Ruleset
from app.profiles.fold import fold
from app.profiles.loaded import Loaded, ProfilesUnavailable

ATTEMPTS = 200


async def remember(
    profiles: Profiles, loaded: Loaded, records: Sequence[Record], ruleset: Ruleset | None
) -> None:
    """Fold one visitor's records into the profile as loaded, or as somebody else has left it since.

    Raises:
        ProfilesUnavailable: where the store is away, or others were quicker every time.

    """
    site, visitor = records[0].site, records[0].visitor
    ids = [record.id for record in records if isinstance(record, Event)]
    for _ in range(ATTEMPTS):
        new = [r for r in records if not (isinstance(r, Event) and r.id in loaded.known_ids)]
        if not new:
            return
        if await profiles.save(site, visitor, loaded, fold(loaded.profile, new, ruleset), ids):
            return
        loaded = await profiles.load(site, visitor, ids)
    raise ProfilesUnavailable(f"the profile changed under {ATTEMPTS} attempts to write it")
