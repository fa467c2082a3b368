"""By what an event is known: the same id of two visitors is two events, however they come."""

from collections.abc import AsyncIterator
from itertools import permutations
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec.structs import replace

from app.engine.records import Event
from app.storage.postgres import Postgres
from tests.builders import ruleset, segment
from tests.integration.ship_cases import Case
from tests.integration.shipped import Shipped, shipping
from tests.sites import SiteFactory
from tests.unit.journal.journalled import new_events

STORED = 'SELECT visitor, id FROM events WHERE site_id = $1 ORDER BY visitor COLLATE "C", id, at'
RULES = ruleset(segments=[segment("viewed", {"events.v.count": {"$gte": 1}, "events.v.last_from": "a"})])


def of_both(site: int, id_: str = "order-1002") -> list[Event]:
    """Make two visitors do something at one instant, under one id."""
    [one] = new_events(site, 1, visitor="v-1")
    return [replace(one, id=id_), replace(one, id=id_, visitor="v-2")]


async def stored(case: Case) -> list[tuple[str, str]]:
    return [tuple(row) for row in await case.pool.fetch(STORED, case.site)]


BOTH = [("v-1", "order-1002"), ("v-2", "order-1002")]


async def test_one_id_of_two_visitors_in_a_batch_is_two_events(case: Case) -> None:
    sent = of_both(case.site)
    await case.new_journal().append(sent)

    assert await case.shipper.ship_once() == 2

    assert await stored(case) == BOTH
    # All at once: nothing made the quick way fail.
    assert case.fold.batches == [sent]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_one_id_of_two_visitors_in_two_batches_is_two_events(case: Case, order: list[int]) -> None:
    both, journal = of_both(case.site), case.new_journal()
    sent = [both[number] for number in order]
    for event in sent:
        await journal.append([event])
        await case.shipper.ship_once()

    assert await stored(case) == BOTH
    assert case.fold.records == sent


async def test_one_id_of_two_visitors_from_two_streams_is_two_events(case: Case) -> None:
    sent = of_both(case.site)
    for event in sent:
        await case.new_journal().append([event])
    await case.shipper.ship_once()

    assert await stored(case) == BOTH
    assert case.fold.records == sent


async def test_among_what_is_known_one_id_of_two_visitors_is_two_events(case: Case) -> None:
    [known], (one, other) = new_events(case.site, 1, visitor="v-0"), of_both(case.site)
    journal = case.new_journal()
    await journal.append([known])
    await case.shipper.ship_once()

    await journal.append([known, one, known, other])
    await case.shipper.ship_once()

    assert await stored(case) == [("v-0", known.id), *BOTH]
    assert case.fold.records == [known, one, other]
    assert (case.shipper.refused, case.kept()) == (0, [])


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_a_visitor_who_sends_an_id_again_did_it_once(case: Case, order: tuple[int, ...]) -> None:
    one, other = of_both(case.site)
    # It may be told again of another instant, and with more to say.
    again = replace(one, at_ms=one.at_ms + 1, properties={"more": 1})
    ways = [[one, other, one], [other, again], [again, one]]
    journal = case.new_journal()
    for way in order:
        await journal.append(ways[way])
        await case.shipper.ship_once()
    await case.new_journal().append([again, other, one])
    await case.shipper.ship_once()

    assert await stored(case) == BOTH
    assert sorted(record.visitor for record in case.fold.records) == ["v-1", "v-2"]


async def test_what_was_shipped_is_not_shipped_again_for_another_visitor(case: Case) -> None:
    journal, sent = case.new_journal(), of_both(case.site)
    await journal.append(sent)
    await case.shipper.ship_once()
    await case.wind_back()
    await journal.append(sent)
    await case.shipper.ship_once()

    assert await stored(case) == BOTH
    assert case.fold.batches == [sent]


@pytest_asyncio.fixture
async def shipped(postgres: Postgres, new_site: SiteFactory, tmp_path: Path) -> AsyncIterator[Shipped]:
    with shipping(postgres.pool, (await new_site()).site_id, tmp_path, RULES) as made:
        yield made


async def views(shipped: Shipped, visitor: str) -> int:
    profile = await shipped.find(visitor)
    return profile.counters["v"].count if profile.events else 0


async def test_each_of_two_visitors_has_the_event_in_the_profile(shipped: Shipped) -> None:
    one = shipped.did("v-1", "v")
    await shipped.ship(one, replace(one, visitor="v-2"))
    await shipped.ship(one, replace(one, visitor="v-3"), one)

    assert [await views(shipped, f"v-{number}") for number in (1, 2, 3)] == [1, 1, 1]


async def test_devices_that_are_one_user_keep_what_each_did_under_one_id(shipped: Shipped) -> None:
    tablet = shipped.did("tablet", "v", 1, **{"from": "b"})
    phone = replace(tablet, visitor="phone", properties={"from": "a"})
    merges = [shipped.merged(device, "u-1", 2) for device in ("tablet", "phone")]
    await shipped.ship(tablet, phone, *merges)
    assert (await views(shipped, "u-1"), (await shipped.find("u-1")).events) == (2, 2)

    await shipped.ship(shipped.merged("laptop", "u-1", 3), shipped.unmerged("laptop", "u-1", 4))

    # Folded anew from what is stored, and in one order: the later of the two names is the later event.
    folded_anew = await shipped.find("u-1")
    assert (await views(shipped, "u-1"), folded_anew.events) == (2, 2)
    assert folded_anew.counters["v"].latest == {"from": "b"}


async def test_a_late_event_of_a_merged_device_is_told_from_the_users_own(shipped: Shipped) -> None:
    own = shipped.did("u-1", "v", 1)
    await shipped.ship(shipped.merged("tablet", "u-1", 2), own)

    late = replace(own, visitor="tablet")
    await shipped.ship(late, own)
    await shipped.ship(late)

    assert await views(shipped, "u-1") == 2
