"""What is read, written and counted, by what the visitor agreed to."""

import msgspec
import pytest

from app.engine.consent import granted
from app.engine.profile import ConsentHeld
from app.engine.reasons import Reason
from app.engine.records import ConsentSaid
from tests.builders import ruleset
from tests.unit.decision.asking import (
    BOTH,
    NONE,
    ONLY_ANALYTICS,
    ONLY_PERSONALIZATION,
    Asking,
    experimenting,
    telling,
    viewed,
)

USER = "$user:u-1"


async def test_without_any_consent_only_that_is_remembered() -> None:
    asking = Asking(experimenting())

    decided = await asking.decide(consent=NONE, events=[viewed()])

    [said] = asking.journal.records
    assert isinstance(said, ConsentSaid)
    assert (await asking.remembered()).events == 0
    assert (decided.decision.arms, decided.degraded) == ((), ())


async def test_without_personalization_nothing_of_the_profile_is_used_or_changed() -> None:
    asking = Asking(telling())
    await asking.views("e-1")
    before = await asking.remembered()

    decided = await asking.decide(consent=ONLY_ANALYTICS, events=[viewed("e-2")])

    assert decided.decision.segments == ()
    after = await asking.remembered()
    assert {name: held.granted for name, held in after.consent.items()} == ONLY_ANALYTICS
    assert msgspec.structs.replace(after, consent=before.consent) == before


async def test_what_was_said_counts_until_something_else_is_said() -> None:
    asking = Asking(telling())
    await asking.decide(consent={"personalization": False}, events=[viewed("e-1")])

    silent = await asking.decide(events=[viewed("e-2")])
    spoken = await asking.decide(consent={"personalization": True}, events=[viewed("e-3")])

    assert (silent.decision.segments, spoken.decision.segments) == ((), ("viewed",))
    assert [event.results_only for event in asking.events] == [True, True, False]


async def test_what_was_said_before_is_not_written_down_again() -> None:
    asking = Asking(telling())
    for _ in range(3):
        await asking.decide(consent=BOTH)
    await asking.observe.observe([viewed()], BOTH)

    said = [record for record in asking.journal.records if isinstance(record, ConsentSaid)]
    assert [one.said for one in said] == [BOTH]


async def test_consent_is_kept_for_later_where_the_store_is_away() -> None:
    asking = Asking(telling())
    asking.profiles.away = True

    await asking.decide(consent=NONE, events=[viewed()])

    [said] = asking.journal.records
    assert isinstance(said, ConsentSaid)
    assert said.said == NONE


@pytest.mark.parametrize(
    ("said", "held", "purposes"),
    [
        ({}, {}, {"personalization"}),
        (BOTH, {}, {"personalization", "analytics"}),
        ({"personalization": False}, {}, set()),
        ({}, {"personalization": False, "analytics": True}, {"analytics"}),
        ({"analytics": False}, {"analytics": True}, {"personalization"}),
    ],
)
def test_what_is_said_counts_then_what_was_said_then_the_sites_default(
    said: dict[str, bool], held: dict[str, bool], purposes: set[str]
) -> None:
    rules = ruleset(site={"consent": {"personalization": "granted", "analytics": "denied"}})

    assert granted(said, {name: ConsentHeld(yes, 1) for name, yes in held.items()}, rules) == purposes


def test_before_anything_is_published_both_are_granted_unless_denied() -> None:
    assert granted({}, {}, None) == {"personalization", "analytics"}
    assert granted({"analytics": False}, {}, None) == {"personalization"}


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
    assert asking.events == []
    assert (await asking.remembered()).events == 0


async def test_events_without_personalization_leave_the_profile_alone() -> None:
    asking = Asking(experimenting())

    observed = await asking.observe.observe([viewed()], ONLY_ANALYTICS)

    assert observed.accepted == 1
    assert [event.results_only for event in asking.events] == [True]
    assert (await asking.remembered()).events == 0


async def test_events_with_both_consents_serve_both() -> None:
    asking = Asking(experimenting())

    await asking.observe.observe([viewed()], BOTH)

    assert [(event.results_only, event.profile_only) for event in asking.events] == [(False, False)]


async def test_a_users_events_heed_what_was_said_on_a_device_that_nobody_has_taken_over() -> None:
    asking = Asking(experimenting())
    await asking.decide(consent={"analytics": False})

    silent = await asking.observe.observe([viewed("e-1", visitor=USER)], {}, "v-1")
    spoken = await asking.observe.observe([viewed("e-2", visitor=USER)], {"analytics": True}, "v-1")
    again = await asking.observe.observe([viewed("e-3", visitor=USER)], {}, "v-1")

    assert {silent.accepted, spoken.accepted, again.accepted} == {1}
    assert [(event.id, event.profile_only) for event in asking.events] == [
        ("e-1", True),
        ("e-2", False),
        ("e-3", False),
    ]


async def test_what_somebody_else_said_on_a_device_does_not_count_for_its_guests() -> None:
    asking = Asking(experimenting())
    await asking.decide(user="other", events=[viewed(visitor="$user:other")])
    await asking.decide(consent=NONE)

    observed = await asking.observe.observe([viewed("e-1", visitor=USER)], {}, "v-1")

    assert (observed.accepted, observed.ignored) == (1, 0)


async def test_what_a_user_says_is_the_users_also_where_the_device_has_said_it_before() -> None:
    asking = Asking(experimenting())
    await asking.decide(consent=NONE)

    await asking.observe.observe([viewed(visitor=USER)], NONE, "v-1")

    assert {name: held.granted for name, held in (await asking.remembered(USER)).consent.items()} == NONE
