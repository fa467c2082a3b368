"""When something is missing: the page renders, and nobody is counted wrongly."""

import pytest

from app.engine.decision import NOTHING
from app.engine.profile import Profile
from app.engine.reasons import Reason
from app.profiles.loaded import Loaded
from tests.unit.decision.asking import SITE, Asking, GoneAfterReading, experimenting, telling, viewed


async def test_without_a_revision_every_placement_is_left_to_the_page() -> None:
    asking = Asking(None)

    decided = await asking.decide(placements=["home.hero", "home.banner"])

    choices = decided.decision.placements
    assert [(choice.variant, choice.content, choice.reason) for choice in choices.values()] == [
        (None, NOTHING, Reason.DEFAULT),
        (None, NOTHING, Reason.DEFAULT),
    ]
    assert (decided.degraded, decided.decision.revision) == (("revision",), 0)


async def test_without_a_revision_events_are_kept_all_the_same() -> None:
    asking = Asking(None)

    await asking.decide(events=[viewed()])

    assert [event.id for event in asking.events] == ["e-1"]
    assert (await asking.profiles.load(SITE, "v-1", ["e-1"])).known_ids == {"e-1"}


@pytest.fixture(params=["away", "slow"])
def unreachable(request: pytest.FixtureRequest) -> Asking:
    asking = Asking(experimenting())
    asking.profiles.away = request.param == "away"
    asking.profiles.takes_s = 60 if request.param == "slow" else 0
    return asking


async def test_without_profiles_the_page_is_decided_and_nobody_enters_a_test(unreachable: Asking) -> None:
    decided = await unreachable.decide()

    assert decided.degraded == ("profile",)
    assert decided.decision.placements["home.hero"].reason == Reason.DEFAULT
    assert (decided.decision.arms, unreachable.journal.records) == ((), [])


async def test_without_profiles_events_are_durable_and_count_for_the_decision(unreachable: Asking) -> None:
    decided = await unreachable.decide(events=[viewed()])

    assert decided.decision.segments == ("viewed",)
    assert [event.id for event in unreachable.events] == ["e-1"]
    assert unreachable.profiles.writes == []


async def test_a_store_that_goes_away_before_the_write_is_told_and_what_was_logged_stays() -> None:
    asking = Asking(experimenting(), GoneAfterReading())

    decided = await asking.decide()

    assert decided.degraded == ("profile",)
    assert [arm.arm for arm in decided.decision.arms] == [record.arm for record in asking.assignments]


async def test_who_cannot_be_logged_is_not_taken_in() -> None:
    asking = Asking(experimenting())
    asking.journal.full = True

    decided = await asking.decide()

    assert decided.degraded == ("journal",)
    assert decided.decision.arms == ()
    assert decided.decision.placements["home.hero"].reason == Reason.DEFAULT
    assert (await asking.profiles.load(SITE, "v-1")).profile == Profile()


async def test_who_cannot_be_logged_keeps_a_known_arm() -> None:
    asking = Asking(experimenting())
    before = (await asking.decide()).decision.placements["home.hero"]
    asking.journal.full = True

    decided = await asking.decide()

    assert decided.decision.placements["home.hero"] == before
    assert (decided.degraded, decided.decision.arms) == (("journal",), ())


async def test_with_a_full_journal_an_event_counts_now_and_is_kept_nowhere() -> None:
    asking = Asking(telling())
    asking.journal.full = True

    decided = await asking.decide(events=[viewed()])

    assert decided.decision.segments == ("viewed",)
    assert await asking.profiles.load(SITE, "v-1", ["e-1"]) == Loaded(Profile(), b"")


async def test_a_full_journal_is_not_missed_where_there_is_nothing_to_log() -> None:
    asking = Asking(telling())
    asking.journal.full = True

    assert (await asking.decide()).degraded == ()


async def test_everything_may_be_missing_at_once() -> None:
    asking = Asking(None)
    asking.profiles.away = asking.journal.full = True

    decided = await asking.decide(events=[viewed()])

    assert decided.degraded == ("revision", "profile", "journal")


async def test_what_decisions_had_to_do_without_is_counted() -> None:
    asking = Asking(experimenting())
    await asking.decide()
    asking.profiles.away = asking.journal.full = True
    for _ in range(2):
        await asking.decide(events=[viewed()])

    assert asking.decided_without == {"profile": 2, "journal": 2}
