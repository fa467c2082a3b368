"""What a site's own servers say of a visitor, made durable and seen by the next decision."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

import msgspec

from app.decision.ports import Journal, Profiles, Rulesets
from app.decision.remember import remember
from app.engine.records import Erase, Merge, TraitsSet, Unmerge
from app.kit.clock import instant_of, ms_of
from app.kit.ids import id_at
from app.profiles.loaded import Loaded, ProfilesUnavailable
from app.profiles.traits import patched

# As JSON. Each decision reads a profile, and many write down what they were taken on.
TRAITS_BYTES = 64 * 1024


class TraitsTooLargeError(Exception):
    """All traits of a profile together would be more than `TRAITS_BYTES`."""


class Amend:
    """Changes profiles from outside of any page."""

    def __init__(self, profiles: Profiles, journal: Journal, rulesets: Rulesets) -> None:
        self._profiles = profiles
        self._journal = journal
        self._rulesets = rulesets

    async def set_traits(self, site: int, visitor: str, traits: Mapping[str, Any], now: datetime) -> None:
        """Patch the traits of a profile; durable when this returns, also while the profile store is away.

        Raises:
            JournalUnavailable: it could not be made durable, and nothing was kept.
            TraitsTooLargeError: nothing was kept; what there is already is not known while the store is away.

        """
        change = TraitsSet(site, visitor, id_at(now), dict(traits), ms_of(now))
        loaded = await self._load(site, visitor)
        held = {} if loaded is None else loaded.profile.traits
        if len(msgspec.json.encode(patched(held, traits))) > TRAITS_BYTES:
            raise TraitsTooLargeError
        await self._journal.append([change])
        if loaded is not None:
            # The durable copy gets it when the journal is shipped, whatever becomes of the cached one.
            with suppress(ProfilesUnavailable):
                await remember(self._profiles, loaded, [change], self._rulesets.ruleset_of(site))

    async def _load(self, site: int, visitor: str) -> Loaded | None:
        with suppress(ProfilesUnavailable):
            return await self._profiles.load(site, visitor)
        return None

    async def undo(self, merge: Merge, now: datetime) -> Unmerge:
        """Record that a merge is undone; only once that is shipped, each profile has its own again.

        Raises:
            JournalUnavailable: it could not be made durable.

        """
        # Another host's clock may be ahead: what undoes a merge comes after it all the same.
        at_ms = max(ms_of(now), merge.at_ms + 1)
        unmerge = Unmerge(merge.site, merge.visitor, id_at(instant_of(at_ms)), merge.into, at_ms)
        await self._journal.append([unmerge])
        return unmerge

    async def erase(self, site: int, visitor: str, now: datetime) -> Erase:
        """Record that a visitor is to be erased; only once that is shipped, what came until now is gone.

        Raises:
            JournalUnavailable: it could not be made durable.

        """
        erase = Erase(site, visitor, id_at(now), ms_of(now))
        await self._journal.append([erase])
        return erase
