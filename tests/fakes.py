"""What decisions need from outside, in memory; `tests/contracts` holds each to what the real one promises."""

import asyncio
from collections import Counter as Tally
from collections.abc import Iterable, Mapping, Sequence

from app.decision.decide import Decide
from app.decision.ports import Journal, Profiles, Rulesets
from app.engine.decision import CapAsked
from app.engine.profile import Profile
from app.engine.records import Record
from app.engine.ruleset import Ruleset
from app.journal.append import JournalUnavailable
from app.profiles.codec import ABSENT, decode_profile, encode_profile, version_of
from app.profiles.loaded import Loaded, ProfilesUnavailable


class FakeProfiles:
    """Profiles as bytes under versions; `away` and `takes_s` make it fail or be slow.

    One that `keeps_hot` has at hand what was loaded since it was written last.
    """

    def __init__(self, *, budget_s: float = 0.01, keeps_hot: bool = False) -> None:
        self.away = False
        self.takes_s = 0.0
        self.reads: list[tuple[int, str]] = []
        self.writes: list[tuple[int, str]] = []
        self.renewed: dict[tuple[int, str], set[str]] = {}
        self._budget_s = budget_s
        self._keeps_hot = keeps_hot
        self._hot: set[tuple[int, str]] = set()
        self._bodies: dict[tuple[int, str], bytes] = {}
        self._marks: set[tuple[int, str, str]] = set()

    def find_hot(self, site: int, visitor: str) -> Loaded | None:
        if self.away or (site, visitor) not in self._hot:
            return None
        body = self._bodies[site, visitor]
        return Loaded(decode_profile(body), version_of(body))

    async def load(self, site: int, visitor: str, event_ids: Sequence[str] = ()) -> Loaded:
        self.reads.append((site, visitor))
        await self._answer()
        body = self._bodies.get((site, visitor))
        known = frozenset(id_ for id_ in event_ids if (site, visitor, id_) in self._marks)
        if body is None:
            return Loaded(Profile(), ABSENT, known)
        if self._keeps_hot:
            self._hot.add((site, visitor))
        return Loaded(decode_profile(body), version_of(body), known)

    async def save(
        self, site: int, visitor: str, loaded: Loaded, profile: Profile, event_ids: Sequence[str] = ()
    ) -> bool:
        await self._answer()
        if version_of(self._bodies.get((site, visitor), ABSENT)) != loaded.version:
            return False
        self._hot.discard((site, visitor))
        self.writes.append((site, visitor))
        self._bodies[site, visitor] = encode_profile(profile)
        self._marks |= {(site, visitor, id_) for id_ in event_ids}
        return True

    async def forget(self, site: int, visitor: str) -> None:
        await self._answer()
        self._hot.discard((site, visitor))
        self._bodies.pop((site, visitor), None)

    async def renew(self, site: int, visitor: str, rules: Iterable[str]) -> None:
        await self._answer()
        self._hot.discard((site, visitor))
        self._bodies[site, visitor] = encode_profile(Profile())
        self.renewed[site, visitor] = set(rules)

    async def _answer(self) -> None:
        # Others have their turn meanwhile, as with a store on a wire.
        await asyncio.sleep(0)
        if self.away:
            raise ProfilesUnavailable("away")
        if self.takes_s > self._budget_s:
            await asyncio.sleep(self._budget_s)
            raise ProfilesUnavailable("slow")


class FakeJournal:
    """Records in a list; a `full` one takes none."""

    def __init__(self) -> None:
        self.full = False
        self.records: list[Record] = []

    async def append(self, records: Sequence[Record]) -> None:
        if records and self.full:
            raise JournalUnavailable("full")
        self.records += records


class FakeRulesets:
    """The rulesets that a test puts in force."""

    def __init__(self, rulesets: Mapping[int, Ruleset] | None = None) -> None:
        self._rulesets = dict(rulesets or {})

    def publish(self, site: int, ruleset: Ruleset) -> None:
        self._rulesets[site] = ruleset

    def ruleset_of(self, site: int) -> Ruleset | None:
        return self._rulesets.get(site)


class FakeCaps:
    """Deliveries in memory; `away` makes it fail."""

    def __init__(self) -> None:
        self.away = False
        self._delivered: dict[tuple[int, str, str], dict[str, int]] = {}

    async def reserve(
        self, site: int, visitor: str, decision_id: str, asked: Sequence[CapAsked], now_ms: int
    ) -> frozenset[str]:
        await asyncio.sleep(0)
        if self.away:
            raise ProfilesUnavailable("away")
        return frozenset(
            one.rule for one in asked if not self._take((site, visitor, one.rule), decision_id, one, now_ms)
        )

    def _take(self, key: tuple[int, str, str], decision_id: str, one: CapAsked, now_ms: int) -> bool:
        delivered = self._delivered.setdefault(key, {})
        for ms in (Tally(one.delivered) - Tally(delivered.values())).elements():
            delivered[f"known:{len(delivered)}"] = ms
        if not one.cap.leaves_room(sorted(delivered.values()), now_ms):
            return False
        delivered[decision_id] = now_ms
        return True


class FakeHistory:
    """Remembers whom it was to fill in."""

    def __init__(self) -> None:
        self.offered: list[tuple[int, str]] = []

    def offer(self, site: int, visitor: str) -> None:
        self.offered.append((site, visitor))


def decide_over(profiles: Profiles, journal: Journal, rulesets: Rulesets) -> Decide:
    """The use case over what a test names, and over fakes of the rest."""
    return Decide(
        profiles=profiles,
        journal=journal,
        rulesets=rulesets,
        caps=FakeCaps(),
        history=FakeHistory(),
    )


class AwayPool:
    """A pool of connections to a PostgreSQL that is not there."""

    async def fetch(self, *_: object) -> list[object]:
        raise ConnectionRefusedError

    def acquire(self, **_: object) -> None:
        raise ConnectionRefusedError
