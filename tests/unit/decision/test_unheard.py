"""What is taken in while nobody knows what its visitor has said of consent: marked, and settled later."""

from collections.abc import Mapping

import pytest

from app.decision.observe import Observed
from app.engine.records import Inputs, Unheard
from tests.builders import delivering, experiment, rule, ruleset
from tests.unit.decision.asking import (
    BOTH,
    NONE,
    ONLY_ANALYTICS,
    ONLY_PERSONALIZATION,
    Asking,
    GoneAfterReading,
    experimenting,
    telling,
    viewed,
)

USER = "$user:u-1"
BOTH_UNHEARD = ("personalization", "analytics")
# Whatever could be logged of a decision, if it only were let.
EVERYTHING = ruleset(
    experiments=[experiment(sticky=False)],
    rules=[rule("once", priority=900, cap={"count": 1}), delivering("hero-copy")],
    holdout={"percent": 50, "salt": "s"},
)


@pytest.fixture(params=["away", "slow"])
def asking(request: pytest.FixtureRequest) -> Asking:
    made = Asking(telling())
    made.profiles.away = request.param == "away"
    made.profiles.takes_s = 60 if request.param == "slow" else 0
    return made


SAID = pytest.mark.parametrize(
    ("said", "mark"),
    [
        ({}, Unheard(BOTH_UNHEARD)),
        ({"analytics": True}, Unheard(("personalization",))),
        ({"personalization": True}, Unheard(("analytics",))),
        (BOTH, None),
    ],
)


@SAID
async def test_a_decision_marks_events_with_what_nobody_could_know(
    asking: Asking, said: Mapping[str, bool], mark: Unheard | None
) -> None:
    await asking.decide(events=[viewed()], consent=said)

    assert [event.unheard for event in asking.events] == [mark]


@SAID
async def test_events_that_come_alone_are_marked_alike(
    asking: Asking, said: Mapping[str, bool], mark: Unheard | None
) -> None:
    assert await asking.observe.observe([viewed()], said) == Observed(1, 0, 0)

    assert [event.unheard for event in asking.events] == [mark]


async def test_a_decision_for_a_user_names_the_device_that_may_have_been_told(asking: Asking) -> None:
    await asking.decide(user="u-1", events=[viewed(visitor=USER)])

    assert [event.unheard for event in asking.events] == [Unheard(BOTH_UNHEARD, "v-1")]


async def test_events_of_a_user_name_the_device_alike(asking: Asking) -> None:
    await asking.observe.observe([viewed(visitor=USER)], {}, "v-1")

    assert [event.unheard for event in asking.events] == [Unheard(BOTH_UNHEARD, "v-1")]


@pytest.mark.parametrize("said", [{}, ONLY_ANALYTICS, BOTH])
async def test_whose_profile_is_read_is_never_marked(said: Mapping[str, bool]) -> None:
    asking = Asking(telling(), GoneAfterReading())

    await asking.decide(events=[viewed("e-1")], consent=said)
    asking.profiles.away = False
    await asking.observe.observe([viewed("e-2")], said)

    assert [(event.id, event.unheard) for event in asking.events] == [("e-1", None), ("e-2", None)]


@pytest.mark.parametrize(
    ("said", "flags"),
    [
        ({}, [(False, True)]),
        ({"personalization": False}, []),
        ({"analytics": True}, [(False, False)]),
        (ONLY_PERSONALIZATION, [(False, True)]),
        (NONE, []),
    ],
)
async def test_until_it_is_settled_the_sites_default_counts(
    said: Mapping[str, bool], flags: list[tuple[bool, bool]]
) -> None:
    asking = Asking(ruleset(site={"consent": {"personalization": "granted", "analytics": "denied"}}))
    asking.profiles.away = True

    await asking.decide(events=[viewed()], consent=said)

    assert [(event.results_only, event.profile_only) for event in asking.events] == flags


async def test_without_the_profile_nothing_but_events_is_logged() -> None:
    asking = Asking(EVERYTHING)
    asking.profiles.away = True

    decided = [await asking.decide(visitor=f"v-{number}") for number in range(20)]

    assert {one.degraded for one in decided} == {("profile", "caps")}
    assert [one.decision.arms + one.decision.capped for one in decided] == [()] * 20
    assert asking.journal.records == []


@pytest.mark.parametrize(
    ("said", "is_kept"), [({}, False), ({"personalization": True}, False), ({"analytics": True}, True)]
)
async def test_what_a_decision_rests_on_is_sampled_only_with_consent_that_was_heard(
    said: Mapping[str, bool], *, is_kept: bool
) -> None:
    asking = Asking(experimenting(), sampled=100)
    asking.profiles.away = True

    await asking.decide(consent=said)

    assert any(isinstance(record, Inputs) for record in asking.journal.records) == is_kept
