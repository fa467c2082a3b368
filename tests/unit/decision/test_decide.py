import asyncio
from datetime import timedelta

import pytest

from app.engine.reasons import Reason
from app.kit.ids import id_at
from tests.builders import NOW
from tests.unit.decision.asking import SITE, Asking, experimenting, telling, viewed


async def test_a_page_gets_a_choice_for_each_placement() -> None:
    asking = Asking(telling())

    decided = await asking.decide(placements=["home.hero", "nowhere"])

    reasons = {key: choice.reason for key, choice in decided.decision.placements.items()}
    assert reasons == {"home.hero": Reason.DEFAULT, "nowhere": Reason.UNKNOWN_PLACEMENT}
    assert decided.degraded == ()


async def test_an_assignment_is_in_the_journal_when_the_answer_is_there() -> None:
    asking = Asking(experimenting())

    decided = await asking.decide(context={"device": "mobile", "country": "GB"})

    [taken] = decided.decision.arms
    [assignment] = asking.assignments
    assert (assignment.site, assignment.visitor, assignment.unit) == (SITE, "v-1", "v-1")
    assert (assignment.experiment, assignment.arm, assignment.phase) == ("hero-copy", taken.arm, 1)
    assert (assignment.decision_id, assignment.revision) == (decided.decision_id, 1)
    assert (assignment.device, assignment.country) == ("mobile", "GB")
    assert assignment.at_ms == NOW.timestamp() * 1_000
    assert assignment.first


async def test_an_assignment_tells_segments_as_they_stood() -> None:
    asking = Asking(experimenting())
    await asking.views("e-1")

    await asking.decide()

    assert asking.assignments[0].segments == ("viewed",)


@pytest.mark.parametrize("said", [None, 7, ["mobile"]])
async def test_a_device_that_is_no_text_is_not_told(said: object) -> None:
    asking = Asking(experimenting())

    await asking.decide(context={"device": said})

    assert asking.assignments[0].device is None


async def test_an_arm_is_first_once_and_kept_after_that() -> None:
    asking = Asking(experimenting())

    first, second = await asking.decide(), await asking.decide()

    assert [arm.first for arm in (*first.decision.arms, *second.decision.arms)] == [True, False]
    assert first.decision.arms[0].arm == second.decision.arms[0].arm
    assert len(asking.assignments) == 2


async def test_a_decision_that_changes_nothing_writes_no_profile() -> None:
    asking = Asking(experimenting())
    await asking.decide()

    await asking.decide()

    assert asking.profiles.writes == [(SITE, "v-1")]


async def test_a_decision_id_sorts_at_the_instant_of_the_decision() -> None:
    asking = Asking(telling())

    decided = await asking.decide()

    before, after = (id_at(NOW + timedelta(milliseconds=by)) for by in (-1, 1))
    assert before < decided.decision_id < after


async def test_an_event_in_the_request_counts_for_that_very_decision() -> None:
    asking = Asking(telling())

    decided = await asking.decide(events=[viewed()])

    assert decided.decision.placements["home.hero"].variant == "offer"
    assert [event.id for event in asking.events] == ["e-1"]


async def test_an_event_in_the_request_counts_for_the_decisions_after_it() -> None:
    asking = Asking(telling())
    await asking.decide(events=[viewed("e-1")])

    decided = await asking.decide(events=[viewed("e-2")])

    assert decided.decision.segments == ("viewed", "viewed-twice")


async def test_an_event_that_is_known_counts_no_second_time() -> None:
    asking = Asking(telling())
    await asking.views("e-1")

    decided = await asking.decide(events=[viewed("e-1")])

    assert decided.decision.segments == ("viewed",)
    assert len(asking.events) == 1


async def test_an_event_that_comes_twice_in_a_request_counts_once() -> None:
    asking = Asking(telling())

    at_once = await asking.decide(events=[viewed("e-1"), viewed("e-1")])
    later = await asking.decide()

    assert at_once.decision.segments == later.decision.segments == ("viewed",)
    assert len(asking.events) == 1


async def test_a_known_user_has_the_profile_of_the_user() -> None:
    asking = Asking(experimenting())

    await asking.decide(user="u-1")

    assert asking.profiles.reads == [(SITE, "$user:u-1"), (SITE, "v-1")]
    assert (SITE, "$user:u-1") in asking.profiles.writes
    assert asking.assignments[0].visitor == "$user:u-1"


async def test_pages_that_ask_at_once_lose_nothing_of_each_other() -> None:
    asking = Asking(telling())

    await asyncio.gather(*(asking.decide(events=[viewed(f"e-{number}")]) for number in range(20)))

    loaded = await asking.profiles.load(SITE, "v-1")
    assert loaded.profile.counters["page_viewed"].count == 20


async def test_a_page_asks_the_profile_store_once() -> None:
    asking = Asking(experimenting())

    await asking.decide()

    assert asking.profiles.reads == [(SITE, "v-1")]
