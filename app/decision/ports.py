"""What a decision needs from outside; adapters stand in profiles, rulesets and journal."""

from collections.abc import Sequence
from typing import Protocol

from app.engine.profile import Profile
from app.engine.records import Record
from app.engine.ruleset import Ruleset
from app.profiles.loaded import Loaded


class Profiles(Protocol):
    """What is remembered of visitors. Rather than keep a page waiting, both raise ProfilesUnavailable."""

    async def load(self, site: int, visitor: str, event_ids: Sequence[str] = ()) -> Loaded:
        """Read a profile (a stranger's is empty) and which of the event ids are known already."""
        ...

    async def save(
        self, site: int, visitor: str, loaded: Loaded, profile: Profile, event_ids: Sequence[str] = ()
    ) -> bool:
        """Replace the profile that was loaded and mark the ids; False where it has changed since."""
        ...


class Rulesets(Protocol):
    """The rulesets in force."""

    def ruleset_of(self, site: int) -> Ruleset | None:
        """Find a site's ruleset; None where nothing is published."""
        ...


class Journal(Protocol):
    """Where records are durable once the call returns."""

    async def append(self, records: Sequence[Record]) -> None:
        """Write all records or raise JournalUnavailable and write none."""
        ...
