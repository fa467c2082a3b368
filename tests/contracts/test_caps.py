"""What every counter of capped deliveries promises: the one in memory and the one on Valkey."""

import asyncio
from collections.abc import Sequence

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from app.decision.ports import Caps
from app.engine.decision import CapAsked
from app.engine.ruleset import CompiledCap
from app.kit.clock import ms_of
from app.kit.ids import new_id
from app.profiles.caps import RedisCaps
from app.profiles.loaded import ProfilesUnavailable
from app.storage.valkey import Valkey
from tests.builders import NOW
from tests.fakes import FakeCaps
from tests.sites import SiteFactory

NOW_MS = ms_of(NOW)
DAY_MS = 86_400_000


@pytest.fixture(params=["fake", "redis"])
def caps(request: pytest.FixtureRequest, valkey: Valkey) -> Caps:
    return FakeCaps() if request.param == "fake" else RedisCaps(valkey, budget_s=10, ttl_s=60)


@pytest.fixture(params=["fake", "redis"])
def away(request: pytest.FixtureRequest) -> Caps:
    if request.param == "redis":
        return RedisCaps(Valkey("unix:///nowhere/valkey.sock"), budget_s=10, ttl_s=60)
    caps = FakeCaps()
    caps.away = True
    return caps


@pytest_asyncio.fixture
async def site(new_site: SiteFactory) -> int:
    return (await new_site()).site_id


def asked(
    rule: str = "r", count: int = 1, per_ms: int | None = None, delivered: Sequence[int] = ()
) -> CapAsked:
    return CapAsked(rule, CompiledCap(count, per_ms), delivered)


async def refused(
    caps: Caps, site: int, *rules: CapAsked, visitor: str = "v-1", at_ms: int = NOW_MS
) -> set[str]:
    return set(await caps.reserve(site, visitor, new_id(), rules, at_ms))


async def test_a_cap_leaves_room_for_as_many_as_it_counts(caps: Caps, site: int) -> None:
    seen = [await refused(caps, site, asked(count=3)) for _ in range(5)]

    assert seen == [set(), set(), set(), {"r"}, {"r"}]


async def test_of_many_at_once_no_more_than_the_cap_get_through(caps: Caps, site: int) -> None:
    seen = await asyncio.gather(*(refused(caps, site, asked(count=7)) for _ in range(100)))

    assert seen.count(set()) == 7


async def test_each_visitor_and_each_rule_is_counted_apart(
    caps: Caps, site: int, new_site: SiteFactory
) -> None:
    other = (await new_site()).site_id
    assert await refused(caps, site, asked("a")) == set()

    assert await refused(caps, site, asked("b")) == set()
    assert await refused(caps, site, asked("a"), visitor="v-2") == set()
    assert await refused(caps, other, asked("a")) == set()


async def test_of_several_rules_only_those_without_room_are_refused(caps: Caps, site: int) -> None:
    assert await refused(caps, site, asked("a")) == set()

    assert await refused(caps, site, asked("a"), asked("b"), asked("c")) == {"a"}
    assert await refused(caps, site, asked("a"), asked("b"), asked("c")) == {"a", "b", "c"}


async def test_a_window_frees_what_lies_before_it(caps: Caps, site: int) -> None:
    daily = asked(count=1, per_ms=DAY_MS)
    assert await refused(caps, site, daily) == set()

    assert await refused(caps, site, daily, at_ms=NOW_MS + DAY_MS - 1) == {"r"}
    assert await refused(caps, site, daily, at_ms=NOW_MS + DAY_MS) == set()


async def test_what_the_profile_knows_of_counts_where_all_else_is_forgotten(caps: Caps, site: int) -> None:
    known = asked(count=3, delivered=[NOW_MS - 5, NOW_MS - 5])

    assert await refused(caps, site, known) == set()
    # Others have not heard of that third one yet, and still cannot have another.
    assert await refused(caps, site, known) == {"r"}


async def test_what_a_merge_brought_counts_beside_what_was_counted_here(caps: Caps, site: int) -> None:
    assert await refused(caps, site, asked(count=3)) == set()

    assert await refused(caps, site, asked(count=3, delivered=[1, 2, NOW_MS])) == {"r"}


async def test_what_a_merge_brought_leaves_less_room_for_many_at_once(caps: Caps, site: int) -> None:
    assert await refused(caps, site, asked(count=4), at_ms=NOW_MS - 5) == set()
    merged = asked(count=4, delivered=[NOW_MS - 7, NOW_MS - 5, NOW_MS - 5])

    seen = await asyncio.gather(*(refused(caps, site, merged) for _ in range(5)))

    assert seen.count(set()) == 1


async def test_what_one_has_heard_of_counts_for_who_has_not_heard_of_it_yet(caps: Caps, site: int) -> None:
    assert await refused(caps, site, asked(count=1, delivered=[NOW_MS - 7])) == {"r"}

    assert await refused(caps, site, asked(count=1)) == {"r"}


async def test_what_the_profile_knows_of_from_before_a_window_counts_for_nothing(
    caps: Caps, site: int
) -> None:
    known = asked(count=1, per_ms=DAY_MS, delivered=[NOW_MS - DAY_MS])

    assert await refused(caps, site, known) == set()


async def test_the_same_decision_uses_a_delivery_once(caps: Caps, site: int) -> None:
    for _ in range(2):
        assert await caps.reserve(site, "v-1", "d-1", [asked(count=2)], NOW_MS) == frozenset()

    assert await refused(caps, site, asked(count=2)) == set()
    assert await refused(caps, site, asked(count=2)) == {"r"}


async def test_a_counter_that_is_away_says_so(away: Caps, site: int) -> None:
    with pytest.raises(ProfilesUnavailable):
        await refused(away, site, asked())


async def test_what_is_counted_is_let_go_in_the_end_also_where_all_is_refused(
    redis: Redis, valkey: Valkey, site: int
) -> None:
    caps = RedisCaps(valkey, budget_s=10, ttl_s=60)

    assert await refused(caps, site, asked(delivered=[NOW_MS])) == {"r"}

    [key] = [key async for key in redis.scan_iter(f"cap:{{{site}:*", count=10_000)]
    assert 0 < await redis.pttl(key) <= 60_000


async def test_no_more_is_kept_than_a_cap_can_count(redis: Redis, valkey: Valkey, site: int) -> None:
    caps = RedisCaps(valkey, budget_s=10, ttl_s=60)

    for start in (0, 600):
        await asyncio.gather(
            *(caps.reserve(site, "v-1", f"d-{start + n}", [asked(count=2_000)], NOW_MS) for n in range(600))
        )

    [key] = [key async for key in redis.scan_iter(f"cap:{{{site}:*", count=10_000)]
    assert await redis.zcard(key) == 1_000
