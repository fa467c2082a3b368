"""A visitor whose profile lacks history, and what fills it in."""

from collections.abc import Sequence

from app.decision.remember import remember
from app.engine.profile import Profile
from app.engine.records import Event
from app.engine.ruleset import Ruleset
from app.kit.tasks import background
from app.profiles.cache import Cache
from app.profiles.fold import fold
from app.profiles.history import History
from app.profiles.loaded import Loaded
from app.profiles.redis import RedisProfiles
from app.storage.valkey import Valkey
from tests.builders import ruleset, segment
from tests.integration.shipped import Shipped
from tests.waiting import until


def asking(*attributes: str) -> Ruleset:
    return ruleset(segments=[segment("asks", {f"events.{one}": {"$exists": True} for one in attributes})])


BEFORE = asking("o.count")
AFTER = asking("o.count", "v.count", "v.count_30d", "v.sum_value", "v.last_value", "v.count_since_o")


class Filling:
    """A visitor's profile in the cache and in PostgreSQL, and the history that is filled in to both."""

    def __init__(self, shipped: Shipped, valkey: Valkey, visitor: str = "v-1") -> None:
        self.shipped = shipped
        self.visitor = visitor
        self.cache = RedisProfiles(valkey, shipped.durable, budget_s=10, ttl_s=1_000)
        self.history = self.new_history()

    def new_history(self, cache: Cache | None = None, **bounds: int) -> History:
        return History(self.shipped.pool, lambda _: self.shipped.rules, cache or self.cache, **bounds)

    async def happen(self, *events: Event) -> None:
        """Have events seen by the cache alone, as a decision does."""
        await remember(self.cache, await self.cached(), events, self.shipped.rules)

    async def happen_and_ship(self, *events: Event) -> None:
        await self.happen(*events)
        await self.shipped.ship(*events)

    async def fill(self, *visitors: str, histories: Sequence[History] = ()) -> None:
        """Offer profiles, and wait until nobody works on them any more."""
        for history in histories or [self.history]:
            for visitor in visitors or [self.visitor]:
                history.offer(self.shipped.site, visitor)
            async with background(history.run()):
                await until(lambda history=history: idle(history))  # type: ignore[misc] # bound at once

    async def cached(self) -> Loaded:
        return await self.cache.load(self.shipped.site, self.visitor)

    async def durable(self) -> Profile:
        return await self.shipped.find(self.visitor)

    def some(self) -> list[Event]:
        """What one visitor does in the end, before anybody asks."""
        did = self.shipped.did
        values = [1.5, "2", None, 7, [1]]
        views = [did(self.visitor, "v", n, value=value) for n, value in enumerate(values)]
        return [*views[:3], did(self.visitor, "o", 2.5), *views[3:], did(self.visitor, "other", 9)]


async def idle(history: History) -> bool:
    return history.idle


def always(events: Sequence[Event], rules: Ruleset = AFTER) -> Profile:
    """A profile that was asked from the start."""
    return fold(Profile(), events, rules)
