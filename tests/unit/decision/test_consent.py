"""What is read, written and counted, by what the visitor agreed to."""

from app.engine.profile import Profile
from app.engine.reasons import Reason
from app.profiles.codec import ABSENT
from app.profiles.loaded import Loaded
from tests.unit.decision.asking import (
    BOTH,
    NONE,
    ONLY_ANALYTICS,
    ONLY_PERSONALIZATION,
    SITE,
    Asking,
    experimenting,
    telling,
    viewed,
)


async def test_without_any_consent_nothing_is_read_written_or_kept() -> None:
    asking = Asking(experimenting())

    decided = await asking.decide(consent=NONE, events=[viewed()])

    assert (asking.profiles.reads, asking.profiles.writes, asking.journal.records) == ([], [], [])
    assert (decided.decision.arms, decided.degraded) == ((), ())


async def test_without_personalization_the_profile_is_neither_read_nor_written() -> None:
    asking = Asking(telling())
    await asking.views("e-1")
    asking.profiles.reads.clear()
    asking.profiles.writes.clear()

    decided = await asking.decide(consent=ONLY_ANALYTICS, events=[viewed("e-2")])

    assert (asking.profiles.reads, asking.profiles.writes) == ([], [])
    assert decided.decision.segments == ()


async def test_without_personalization_events_and_assignments_serve_results_alone() -> None:
    asking = Asking(experimenting())

    await asking.decide(consent=ONLY_ANALYTICS, events=[viewed()])

    assert [(event.results_only, event.profile_only) for event in asking.events] == [(True, False)]
    assert [assignment.results_only for assignment in asking.assignments] == [True]


async def test_without_analytics_no_experiment_takes_the_visitor_in() -> None:
    asking = Asking(experimenting())

    decided = await asking.decide(consent=ONLY_PERSONALIZATION)

    assert decided.decision.placements["home.hero"].reason == Reason.DEFAULT
    assert asking.assignments == []


async def test_without_analytics_a_known_arm_is_shown_and_not_logged() -> None:
    asking = Asking(experimenting())
    before = (await asking.decide()).decision.placements["home.hero"]

    decided = await asking.decide(consent=ONLY_PERSONALIZATION)

    assert decided.decision.placements["home.hero"] == before
    assert len(asking.assignments) == 1


async def test_without_analytics_events_serve_the_profile_alone() -> None:
    asking = Asking(telling())

    await asking.decide(consent=ONLY_PERSONALIZATION, events=[viewed()])

    assert [(event.results_only, event.profile_only) for event in asking.events] == [(False, True)]
    assert (await asking.decide()).decision.segments == ("viewed",)


async def test_a_page_that_is_fetched_ahead_starts_no_assignment_and_keeps_a_known_arm() -> None:
    asking = Asking(experimenting())

    unseen = await asking.decide(countable=False)
    seen = await asking.decide()
    again = await asking.decide(countable=False)

    assert unseen.decision.placements["home.hero"].reason == Reason.DEFAULT
    assert again.decision.placements == seen.decision.placements
    assert len(asking.assignments) == 1


async def test_events_need_some_consent() -> None:
    asking = Asking(experimenting())

    observed = await asking.observe.observe([viewed("e-1"), viewed("e-2")], NONE)

    assert (observed.accepted, observed.duplicate, observed.ignored) == (0, 0, 2)
    assert (asking.profiles.reads, asking.profiles.writes, asking.journal.records) == ([], [], [])


async def test_events_without_personalization_leave_the_profile_alone() -> None:
    asking = Asking(experimenting())

    observed = await asking.observe.observe([viewed()], ONLY_ANALYTICS)

    assert observed.accepted == 1
    assert (asking.profiles.reads, asking.profiles.writes) == ([], [])
    assert [event.results_only for event in asking.events] == [True]
    assert await asking.profiles.load(SITE, "v-1", ["e-1"]) == Loaded(Profile(), ABSENT)


async def test_events_with_both_consents_serve_both() -> None:
    asking = Asking(experimenting())

    await asking.observe.observe([viewed()], BOTH)

    assert [(event.results_only, event.profile_only) for event in asking.events] == [(False, False)]
