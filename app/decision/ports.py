"""What a decision needs from outside; adapters stand in profiles, rulesets and journal."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from app.engine.decision import CapAsked
from app.engine.profile import Profile
from app.engine.records import Record
from app.engine.ruleset import Ruleset
from app.profiles.loaded import Loaded


class Profiles(Protocol):
    """What is remembered of visitors. Rather than keep a page waiting, all raise ProfilesUnavailable."""

    def find_hot(self, site: int, visitor: str) -> Loaded | None:
        """Find a profile without waiting, as it was 50 ms ago or later; None where it has to be loaded."""
        ...

    async def load(self, site: int, visitor: str, event_ids: Sequence[str] = ()) -> Loaded:
        """Read a profile (a stranger's is empty) and which of the event ids are known already."""
        ...

    async def save(
        self, site: int, visitor: str, loaded: Loaded, profile: Profile, event_ids: Sequence[str] = ()
    ) -> bool:
        """Replace the profile that was loaded and mark the ids; False where it has changed since."""
        ...

    async def forget(self, site: int, visitor: str) -> None:
        """Drop what is held of a profile, so that the next load reads the durable copy; marks stay."""
        ...

    async def renew(self, site: int, visitor: str, rules: Iterable[str]) -> None:
        """Hold the durable copy from now on, and forget how often these rules were delivered.

        What anybody has read before cannot be saved any more; marks stay.
        """
        ...


class Caps(Protocol):
    """How often capped rules were shown, exact across all workers."""

    async def reserve(
        self, site: int, visitor: str, decision_id: str, asked: Sequence[CapAsked], now_ms: int
    ) -> frozenset[str]:
        """Take one delivery of each rule that has one left, and name the others.

        Raises:
            ProfilesUnavailable: where nobody can tell.

        """
        ...


class History(Protocol):
    """What a new revision asks for the first time, filled in behind the decisions."""

    def offer(self, site: int, visitor: str) -> None:
        """Have a profile filled in soon; it may be refused, to be offered again."""
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
