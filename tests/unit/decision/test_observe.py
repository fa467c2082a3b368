import pytest
from msgspec.structs import replace

from app.decision.observe import Observed
from app.engine.profile import Profile
from app.journal.append import JournalUnavailable
from app.profiles.codec import ABSENT
from app.profiles.loaded import Loaded
from tests.builders import ruleset, segment
from tests.unit.decision.asking import BOTH, SITE, Asking, GoneAfterReading, telling, viewed


async def test_an_accepted_event_is_durable_and_seen_by_the_next_decision() -> None:
    asking = Asking(telling())

    assert await asking.observe.observe([viewed()], BOTH) == Observed(1, 0, 0)

    assert [event.id for event in asking.events] == ["e-1"]
    assert (await asking.decide()).decision.segments == ("viewed",)


async def test_an_event_that_comes_twice_at_once_counts_once() -> None:
    asking = Asking(telling())

    assert await asking.observe.observe([viewed(), viewed(), viewed("e-2")], BOTH) == Observed(2, 1, 0)
    assert [event.id for event in asking.events] == ["e-1", "e-2"]


async def test_of_events_that_come_together_the_earlier_counts_first_whatever_place_it_has() -> None:
    asking = Asking(ruleset(segments=[segment("s", {"events.page_viewed.count_since_bought": 1})]))
    earlier = replace(viewed("e-2"), name="bought", at_ms=viewed().at_ms - 60_000)

    await asking.observe.observe([viewed(), earlier], BOTH)

    assert (await asking.remembered()).counters["page_viewed"].since == {"bought": 1}
    assert asking.events == [earlier, viewed()]


async def test_an_event_that_comes_again_later_counts_once() -> None:
    asking = Asking(telling())
    await asking.views("e-1")

    assert await asking.observe.observe([viewed("e-1"), viewed("e-2")], BOTH) == Observed(1, 1, 0)
    assert (await asking.profiles.load(SITE, "v-1")).profile.counters["page_viewed"].count == 2


async def test_nothing_new_is_neither_kept_nor_written() -> None:
    asking = Asking(telling())
    await asking.views("e-1")

    assert await asking.observe.observe([viewed("e-1")], BOTH) == Observed(0, 1, 0)
    assert (len(asking.events), len(asking.profiles.writes)) == (1, 1)


async def test_what_cannot_be_made_durable_is_kept_nowhere() -> None:
    asking = Asking(telling())
    asking.journal.full = True

    with pytest.raises(JournalUnavailable):
        await asking.observe.observe([viewed()], BOTH)

    assert await asking.profiles.load(SITE, "v-1", ["e-1"]) == Loaded(Profile(), ABSENT)


async def test_events_are_accepted_while_profiles_are_away() -> None:
    asking = Asking(telling())
    asking.profiles.away = True

    assert await asking.observe.observe([viewed(), viewed()], BOTH) == Observed(1, 1, 0)
    assert [event.id for event in asking.events] == ["e-1"]


async def test_events_are_accepted_where_profiles_go_away_before_the_write() -> None:
    asking = Asking(telling(), GoneAfterReading())

    assert await asking.observe.observe([viewed()], BOTH) == Observed(1, 0, 0)
    assert [event.id for event in asking.events] == ["e-1"]


async def test_events_are_kept_before_anything_is_published() -> None:
    asking = Asking(None)

    assert await asking.observe.observe([viewed()], BOTH) == Observed(1, 0, 0)
    assert (await asking.profiles.load(SITE, "v-1", ["e-1"])).known_ids == {"e-1"}
