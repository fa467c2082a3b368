"""What a new revision asks for the first time is filled in from PostgreSQL."""

import asyncio

from app.decision.remember import remember
from app.engine.profile import Counter
from app.engine.records import Event
from app.profiles.codec import ABSENT
from tests.integration.filling import AFTER, Filling, always, asking


async def test_a_new_revision_is_answered_as_if_it_had_asked_from_the_start(filling: Filling) -> None:
    events = filling.some()
    await filling.happen_and_ship(*events)
    filling.shipped.rules = AFTER
    assert not AFTER.has_counted((await filling.cached()).profile)

    await filling.fill()

    for filled in ((await filling.cached()).profile, await filling.durable()):
        assert filled.counters == always(events).counters
        assert (filled.asked, filled.events) == (AFTER.asked, len(events))
    assert (filling.history.filled, filling.history.refused, filling.history.failed) == (1, 0, 0)


async def test_what_happens_afterwards_is_counted_on(filling: Filling) -> None:
    events = filling.some()
    await filling.happen_and_ship(*events)
    filling.shipped.rules = AFTER
    await filling.fill()

    more = [filling.shipped.did("v-1", name, 20 + n, value=n) for n, name in enumerate("vovv")]
    await filling.happen_and_ship(*more)

    expected = always([*events, *more])
    assert (
        (await filling.cached()).profile.counters == (await filling.durable()).counters == expected.counters
    )
    assert (await filling.cached()).profile.asked == AFTER.asked


async def test_what_happened_under_the_new_revision_already_is_counted_once(filling: Filling) -> None:
    events = filling.some()
    await filling.happen_and_ship(*events)
    filling.shipped.rules = AFTER
    await filling.happen_and_ship(more := filling.shipped.did("v-1", "v", 30, value=100))
    assert (await filling.cached()).profile.counters["v"].count == 1

    await filling.fill()

    assert (await filling.cached()).profile.counters == always([*events, more]).counters


async def test_while_the_shipper_is_behind_nothing_is_installed(filling: Filling) -> None:
    events = filling.some()
    await filling.happen_and_ship(*events)
    await filling.happen(late := filling.shipped.did("v-1", "v", 30))
    filling.shipped.rules = AFTER
    before = await filling.cached()

    await filling.fill()
    assert (await filling.cached(), filling.history.filled) == (before, 0)

    await filling.shipped.ship(late)
    await filling.fill()
    assert (await filling.cached()).profile.counters == always([*events, late]).counters
    assert filling.history.filled == 1


async def test_what_went_over_by_a_merge_that_is_not_shipped_yet_is_not_installed(filling: Filling) -> None:
    events = filling.some()
    await filling.happen_and_ship(*events)
    device, user = await filling.cached(), await filling.cache.load(filling.shipped.site, "u-1")
    merge = filling.shipped.merged("v-1", "u-1", 20)
    await remember(filling.cache, user, [merge], filling.shipped.rules, device)
    await filling.happen(late := filling.shipped.did("v-1", "o", 30))
    filling.shipped.rules = AFTER
    before = await filling.cached()

    await filling.fill()
    assert (await filling.cached(), filling.history.filled) == (before, 0)

    await filling.shipped.ship(merge, late)
    await filling.fill()
    assert (await filling.cached()).profile.counters == always([late]).counters


async def test_who_is_not_shipped_yet_is_left_alone(filling: Filling) -> None:
    await filling.happen(*filling.some())
    filling.shipped.rules = AFTER
    before = await filling.cached()

    await filling.fill()

    assert await filling.cached() == before
    assert (filling.history.filled, filling.history.failed) == (0, 0)


async def test_where_the_cache_knows_nobody_the_durable_copy_alone_is_filled(filling: Filling) -> None:
    events = filling.some()
    await filling.shipped.ship(*events)
    filling.shipped.rules = AFTER

    await filling.fill()

    cached = await filling.cached()
    assert (cached.version, filling.history.filled) == (ABSENT, 0)
    assert cached.profile.counters == always(events).counters
    assert AFTER.has_counted(cached.profile)


async def test_very_many_events_are_as_if_they_were_counted_one_by_one(
    filling: Filling,
) -> None:
    """More than windows keep the instants of, so that hours serve too."""
    events = [filling.shipped.did("v-1", "v", n, value=n) for n in range(5_000)]
    await filling.shipped.ship(*events)
    filling.shipped.rules = AFTER

    await filling.fill()

    [counter] = (await filling.durable()).counters.values()
    assert counter == always(events).counters["v"]
    assert (counter.count, len(counter.recent), sum(counter.hours.values())) == (5_000, 1_000, 4_000)


async def test_two_fills_at_once_do_the_same_once(filling: Filling) -> None:
    events = filling.some()
    await filling.happen_and_ship(*events)
    filling.shipped.rules = AFTER
    histories = [filling.new_history() for _ in range(2)]

    await asyncio.gather(*(filling.fill(histories=[history]) for history in histories))

    assert (await filling.cached()).profile.counters == always(events).counters
    assert (await filling.durable()).counters == always(events).counters
    assert [history.failed for history in histories] == [0, 0]
    assert sum(history.filled for history in histories) == 1


async def test_many_profiles_are_filled(filling: Filling) -> None:
    visitors = [f"v-{number}" for number in range(20)]
    events = {visitor: filling.shipped.did(visitor, "v", value=1) for visitor in visitors}
    await filling.shipped.ship(*events.values())
    filling.shipped.rules = AFTER

    await filling.fill(*visitors)

    for visitor in visitors:
        assert (await filling.shipped.find(visitor)).counters == always([events[visitor]]).counters


async def test_events_that_came_while_it_was_filled_are_counted_once(filling: Filling) -> None:
    """The fill holds the copy; the shipper waits, and folds into what was recounted."""
    events = filling.some()
    await filling.happen_and_ship(*events)
    filling.shipped.rules = AFTER
    more = [filling.shipped.did("v-1", "v", 30 + n) for n in range(30)]

    async def ship() -> None:
        for event in more:
            await filling.happen_and_ship(event)

    async with asyncio.TaskGroup() as group:
        shipping_them = group.create_task(ship())
        while not shipping_them.done():
            await filling.fill()
    await filling.fill()

    expected = always([*events, *more]).counters
    assert (await filling.durable()).counters == expected
    assert (await filling.cached()).profile.counters == expected


async def test_a_user_has_the_history_of_each_device(filling: Filling) -> None:
    did = filling.shipped.did
    before, after, own = (
        did("tablet", "v", 1, value=3),
        did("tablet", "v", 60),
        did("u-1", "v", 30, value=4),
    )
    await filling.shipped.ship(before, own, filling.shipped.merged("tablet", "u-1", 50), after)
    filling.shipped.rules = AFTER

    await filling.fill("u-1", "tablet")

    assert (await filling.shipped.find("u-1")).counters == always([before, own]).counters
    assert (await filling.shipped.find("tablet")).counters == always([after]).counters


async def test_what_serves_profiles_alone_is_counted_and_results_alone_is_not(filling: Filling) -> None:
    at = filling.shipped.did("v-1", "v", 1)
    alone = Event(at.site, "v-1", "p", "v", {}, at.at_ms, at.at_ms, profile_only=True)
    unseen = Event(at.site, "v-1", "r", "v", {}, at.at_ms, at.at_ms, results_only=True)
    await filling.shipped.ship(alone, unseen)
    filling.shipped.rules = AFTER

    await filling.fill()

    assert (await filling.durable()).counters["v"].count == 1


async def test_events_that_are_gone_stay_counted(filling: Filling) -> None:
    events = [filling.shipped.did("v-1", "o", n) for n in range(5)]
    await filling.happen_and_ship(*events)
    await filling.shipped.pool.execute(
        "DELETE FROM events WHERE id < $1 AND site_id = $2", events[3].id, events[0].site
    )
    filling.shipped.rules = later = asking("o.count_7d")

    await filling.fill()

    counter = (await filling.cached()).profile.counters["o"]
    assert counter == Counter(
        count=5,
        first_ms=events[0].at_ms,
        last_ms=events[4].at_ms,
        recent=[event.at_ms for event in events[3:]],
        asked=later.needs["o"].signature,
    )


async def test_a_site_that_published_nothing_has_no_history(filling: Filling) -> None:
    await filling.happen_and_ship(*filling.some())
    filling.shipped.rules = None

    await filling.fill()

    assert (filling.history.filled, filling.history.failed) == (0, 0)


async def test_a_profile_that_lacks_nothing_is_left_as_it_is(filling: Filling) -> None:
    await filling.happen_and_ship(*filling.some())
    before = await filling.cached()

    await filling.fill()

    assert await filling.cached() == before
