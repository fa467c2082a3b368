"""Whatever got lost on the way to the cache comes back from PostgreSQL."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from app.decision.remember import remember
from app.engine.profile import Profile
from app.engine.records import Record
from app.kit.tasks import background
from app.profiles.codec import ABSENT
from app.profiles.durable import DurableProfiles
from app.profiles.fold import fold
from app.profiles.heal import AT_ONCE, PATIENCE_S, WAITING, Healer
from app.profiles.redis import RedisProfiles
from app.storage.postgres import Postgres
from app.storage.valkey import Valkey
from tests.builders import ruleset, segment
from tests.integration.shipped import Shipped, shipping
from tests.integration.unheard import unheard
from tests.sites import SiteFactory
from tests.waiting import until

RULES = ruleset(segments=[segment("s", {"events.v.count": {"$gte": 1}})])


class Healing:
    """Records on their way to PostgreSQL, a cache that may miss some, and a clock that is set by hand."""

    def __init__(self, shipped: Shipped, valkey: Valkey) -> None:
        self.now = 0.0
        self.shipped = shipped
        self.site = shipped.site
        self.read = DurableProfiles(shipped.pool, lambda _: RULES)
        self.cache = RedisProfiles(valkey, self.read, budget_s=10, ttl_s=60)
        self.are_stored, self.marks = False, 0
        self.healer = self.new_healer(self.cache)

    def mark(self) -> Callable[[], bool]:
        self.marks += 1
        return lambda: self.are_stored

    def new_healer(self, cache: RedisProfiles) -> Healer:
        return Healer(self.read, cache, self.mark, clock=lambda: self.now)

    async def ship(self, *records: Record) -> None:
        await self.shipped.ship(*records)
        self.healer.touched(self.shipped.folded)

    async def remember(self, visitor: str, *records: Record) -> None:
        """Let the cache know of some records alone."""
        loaded = await self.cache.load(self.site, visitor)
        assert await self.cache.save(self.site, visitor, loaded, fold(Profile(), records, RULES))

    async def pass_by(self, seconds: float) -> None:
        self.now += seconds
        await self.healer.heal_due()

    async def cached(self, visitor: str = "v-1") -> Profile:
        return (await self.cache.load(self.site, visitor)).profile


@pytest_asyncio.fixture
async def healing(
    postgres: Postgres, valkey: Valkey, new_site: SiteFactory, tmp_path: Path
) -> AsyncIterator[Healing]:
    with shipping(postgres.pool, (await new_site()).site_id, tmp_path, RULES) as shipped:
        yield Healing(shipped, valkey)


async def test_what_the_cache_has_lost_comes_back_once_nothing_can_be_on_its_way(healing: Healing) -> None:
    seen, lost = (healing.shipped.did("v-1", "v", minute) for minute in (0, 1))
    await healing.remember("v-1", seen)
    await healing.ship(seen, lost)

    await healing.pass_by(PATIENCE_S - 0.1)
    assert (await healing.cached()).events == 1

    await healing.pass_by(0.1)
    assert await healing.cached() == await healing.shipped.find("v-1")
    assert healing.healer.healed == 1


async def test_the_log_says_how_many_came_back_and_has_no_line_for_each(
    healing: Healing, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "app.profiles.heal")
    for number in range(5):
        seen, lost = (healing.shipped.did(f"v-{number}", "v", minute) for minute in (0, 1))
        await healing.remember(f"v-{number}", seen)
        await healing.ship(seen, lost)

    await healing.pass_by(PATIENCE_S)
    await healing.pass_by(PATIENCE_S)

    assert healing.healer.healed == 5
    assert caplog.messages == ["5 cached profiles were not what their records make them"]


async def test_who_comes_again_is_looked_at_later(healing: Healing) -> None:
    first, second = (healing.shipped.did("v-1", "v", minute) for minute in (0, 1))
    await healing.remember("v-1", first)
    await healing.ship(first)
    await healing.pass_by(PATIENCE_S - 0.1)
    await healing.ship(second)

    await healing.pass_by(0.2)
    assert (await healing.cached()).events == 1

    await healing.pass_by(PATIENCE_S)
    assert (await healing.cached()).events == 2


async def test_who_lacks_nothing_is_left_alone(healing: Healing) -> None:
    shipped, on_its_way = (healing.shipped.did("v-1", "v", minute) for minute in (0, 1))
    await healing.remember("v-1", shipped, on_its_way)
    before = await healing.cache.load(healing.site, "v-1")
    await healing.ship(shipped)

    await healing.pass_by(PATIENCE_S)

    assert await healing.cache.load(healing.site, "v-1") == before
    assert healing.healer.healed == 0


async def test_whom_the_cache_does_not_hold_it_is_not_made_to(healing: Healing) -> None:
    await healing.ship(healing.shipped.did("v-1", "v"))

    await healing.pass_by(PATIENCE_S)

    assert (await healing.cache.load(healing.site, "v-1")).version == ABSENT


async def test_a_user_counts_once_what_a_device_brought_while_the_merge_waits_to_be_shipped(
    healing: Healing,
) -> None:
    did, merge = healing.shipped.did("v-1", "v", 0), healing.shipped.merged("v-1", "$user:u-1", 1)
    await healing.remember("v-1", did)
    await healing.ship(did)
    for _ in range(2):
        user, device = [await healing.cache.load(healing.site, who) for who in ("$user:u-1", "v-1")]
        await remember(healing.cache, user, [merge], RULES, device)
        await healing.pass_by(PATIENCE_S)

    assert [(await healing.cached(who)).events for who in ("$user:u-1", "v-1")] == [1, 0]


async def test_where_the_cache_is_away_it_is_asked_again(healing: Healing) -> None:
    seen, lost = (healing.shipped.did("v-1", "v", minute) for minute in (0, 1))
    await healing.remember("v-1", seen)
    nowhere = Valkey("unix:///nowhere/valkey.sock")
    sound, away = (
        healing.healer,
        RedisProfiles(nowhere, healing.read, budget_s=10, ttl_s=60),
    )
    healing.healer = healing.new_healer(away)
    await healing.ship(seen, lost)

    await healing.pass_by(PATIENCE_S)
    assert healing.healer.waiting == 1
    sound.touched(healing.shipped.folded)
    healing.healer = sound
    await healing.pass_by(PATIENCE_S)

    assert (await healing.cached()).events == 2


async def test_what_was_folded_just_before_a_start_is_looked_at(healing: Healing) -> None:
    seen, lost = (healing.shipped.did("v-1", "v", minute) for minute in (0, 1))
    await healing.remember("v-1", seen)
    await healing.shipped.ship(seen, lost)

    async def is_healed() -> bool:
        healing.now += PATIENCE_S
        return (await healing.cached()).events == 2

    async with background(healing.healer.run()):
        await until(is_healed)


async def test_many_are_looked_at_in_parts_and_no_more_wait_than_there_is_room_for(healing: Healing) -> None:
    healing.healer.touched((healing.site, f"v-{number}") for number in range(WAITING + AT_ONCE + 1))

    assert (healing.healer.waiting, healing.healer.dropped) == (WAITING, AT_ONCE + 1)
    healing.now += PATIENCE_S
    assert await healing.healer.heal_due() == AT_ONCE
    assert healing.healer.waiting == WAITING - AT_ONCE


async def test_what_the_cache_counts_twice_is_put_right_once_all_records_are_stored(healing: Healing) -> None:
    once = healing.shipped.did("v-1", "v")
    await healing.remember("v-1", once, once)
    await healing.ship(once)

    await healing.pass_by(PATIENCE_S)
    assert ((await healing.cached()).events, healing.marks) == (2, 1)

    healing.are_stored = True
    await healing.pass_by(0)
    assert ((await healing.cached()).events, healing.marks) == (1, 1)


async def test_who_was_erased_has_nothing_left_though_nobody_has_seen_it_through(healing: Healing) -> None:
    did = healing.shipped.did("v-1", "v", 0)
    await healing.remember("v-1", did)
    await healing.ship(did, healing.shipped.erased("v-1", 1))
    healing.are_stored = True

    await healing.pass_by(PATIENCE_S)

    assert await healing.cached() == Profile()


async def test_who_comes_again_before_all_records_are_stored_is_not_compared(healing: Healing) -> None:
    once, on_its_way = (healing.shipped.did("v-1", "v", minute) for minute in (0, 1))
    await healing.remember("v-1", once, once)
    await healing.ship(once)
    await healing.pass_by(PATIENCE_S)
    await healing.ship(on_its_way)

    healing.are_stored = True
    await healing.pass_by(0)
    assert (await healing.cached()).events == 2

    await healing.remember("v-1", once, on_its_way)
    await healing.pass_by(PATIENCE_S)
    assert await healing.cached() == await healing.shipped.find("v-1")


async def test_what_was_written_since_is_not_compared(healing: Healing) -> None:
    once, on_its_way = (healing.shipped.did("v-1", "v", minute) for minute in (0, 1))
    await healing.remember("v-1", once, once)
    await healing.ship(once)
    await healing.pass_by(PATIENCE_S)
    await healing.remember("v-1", once, on_its_way)

    healing.are_stored = True
    await healing.pass_by(0)

    assert (await healing.cached()).events == 2


async def test_a_copy_that_has_caught_up_is_looked_at_again(healing: Healing) -> None:
    seen, lost = (healing.shipped.did("v-1", "v", minute) for minute in (0, 1))
    await healing.remember("v-1", seen)
    await healing.ship(seen, lost)

    await healing.pass_by(PATIENCE_S)

    assert (healing.healer.healed, healing.healer.waiting) == (1, 1)


async def test_no_more_are_compared_later_than_there_is_room_for(
    healing: Healing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.profiles.heal.WAITING", 2)
    for number in range(3):
        healing.shipped.folded.clear()
        did = healing.shipped.did(f"v-{number}", "v")
        await healing.remember(f"v-{number}", did, did)
        await healing.ship(did)
        await healing.pass_by(PATIENCE_S)

    healing.are_stored = True
    await healing.pass_by(0)

    assert [(await healing.cached(f"v-{number}")).events for number in range(3)] == [2, 1, 1]
    assert healing.healer.dropped == 1


async def test_who_sends_again_what_is_stored_is_looked_at_too(healing: Healing) -> None:
    once = healing.shipped.did("v-1", "v")
    await healing.ship(once)
    healing.shipped.folded.clear()

    await healing.ship(once)

    assert healing.shipped.folded == {(healing.site, "v-1")}


async def test_what_was_settled_reaches_the_cache_as_it_is_stored(healing: Healing) -> None:
    answers = {"v-1": {"analytics": False}, "v-2": {"personalization": False}, "v-3": {}}
    for visitor, said in answers.items():
        spoken, seen = healing.shipped.said(visitor, 0, **said), healing.shipped.did(visitor, "v", 1)
        await healing.remember(visitor, spoken)
        await healing.ship(spoken, unheard(seen))
    await healing.pass_by(PATIENCE_S)

    profiles = [await healing.cached(visitor) for visitor in answers]
    assert [profile.events for profile in profiles] == [1, 0, 1]
    assert profiles == [await healing.shipped.find(visitor) for visitor in answers]
