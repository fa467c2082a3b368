"""A page that asks, and everything in memory that its decision needs."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.decision.decide import Decide, Decided
from app.decision.observe import Observe
from app.decision.page_load import PageLoad
from app.engine.profile import Profile
from app.engine.records import Assignment, Event
from app.engine.ruleset import Ruleset
from app.profiles.loaded import Loaded
from tests.builders import DAY, NOW, delivering, experiment, rule, ruleset, segment
from tests.fakes import FakeCaps, FakeHistory, FakeJournal, FakeProfiles, FakeRulesets

SITE = 1
BOTH = {"personalization": True, "analytics": True}
ONLY_ANALYTICS = {"personalization": False, "analytics": True}
ONLY_PERSONALIZATION = {"personalization": True, "analytics": False}
NONE = {"personalization": False, "analytics": False}

VIEWED_ONCE = segment("viewed", {"events.page_viewed.count": {"$gte": 1}})
VIEWED_TWICE = segment("viewed-twice", {"events.page_viewed.count": {"$gte": 2}})


def experimenting() -> Ruleset:
    """A site with an experiment for everybody at `home.hero` and two segments by page views."""
    return ruleset(
        segments=[VIEWED_ONCE, VIEWED_TWICE], experiments=[experiment()], rules=[delivering("hero-copy")]
    )


def telling() -> Ruleset:
    """A site that shows `offer` at `home.hero` to who has viewed a page, and runs no experiment."""
    return ruleset(
        segments=[VIEWED_ONCE, VIEWED_TWICE], rules=[rule("offer", audience={"segments": ["viewed"]})]
    )


def page(**fields: Any) -> PageLoad:
    """A page that asks for `home.hero` for the visitor `v-1`."""
    return PageLoad(**{"site": SITE, "visitor": "v-1", "placements": ["home.hero"], **fields})


def viewed(id_: str = "e-1", **fields: Any) -> Event:
    """A page view of `v-1`, now."""
    at_ms = int(NOW.timestamp() * 1_000)
    return Event(
        **{"visitor": "v-1", **fields},
        site=SITE,
        id=id_,
        name="page_viewed",
        properties={},
        at_ms=at_ms,
        received_ms=at_ms,
    )


class GoneAfterReading(FakeProfiles):
    """A store that goes away between a decision's read and its write."""

    async def load(self, site: int, visitor: str, event_ids: Sequence[str] = ()) -> Loaded:
        loaded = await super().load(site, visitor, event_ids)
        self.away = True
        return loaded


class Asking:
    """The use cases over fakes."""

    def __init__(
        self, published: Ruleset | None, profiles: FakeProfiles | None = None, *, sampled: float = 0
    ) -> None:
        self.profiles = profiles or FakeProfiles()
        self.journal = FakeJournal()
        self.rulesets = FakeRulesets({SITE: published} if published is not None else {})
        self.caps = FakeCaps()
        self.history = FakeHistory()
        self.observe = Observe(self.profiles, self.journal, self.rulesets)
        self._decide = Decide(
            profiles=self.profiles,
            journal=self.journal,
            rulesets=self.rulesets,
            caps=self.caps,
            history=self.history,
            sampled=sampled,
        )

    async def decide(self, **fields: Any) -> Decided:
        return await self._decide.decide(page(**fields), NOW)

    async def decide_after_days(self, days: float, **fields: Any) -> Decided:
        return await self._decide.decide(page(**fields), NOW + days * DAY)

    async def views(self, *ids: str) -> None:
        """Let `v-1` have viewed pages before."""
        await self.observe.observe([viewed(id_) for id_ in ids], BOTH)

    @property
    def decided_without(self) -> Mapping[str, int]:
        return self._decide.degraded

    async def remembered(self, visitor: str = "v-1") -> Profile:
        """What is remembered of somebody."""
        return (await self.profiles.load(SITE, visitor)).profile

    @property
    def events(self) -> list[Event]:
        return [record for record in self.journal.records if isinstance(record, Event)]

    @property
    def assignments(self) -> list[Assignment]:
        return [record for record in self.journal.records if isinstance(record, Assignment)]
