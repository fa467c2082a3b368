"""Whether a profile holds all that two rulesets ask of events."""

import pytest

from app.admin.impact.exactness import Exactness, answers
from app.engine.counters import EventNeeds
from app.engine.profile import Profile
from app.engine.ruleset import Ruleset
from tests.builders import event, profile, ruleset, segment


def asking(*paths: str) -> Ruleset:
    return ruleset(segments=[segment(f"s{n}", {path: {"$gte": 1}}) for n, path in enumerate(paths)])


VIEWS, VIEWS_AND_ORDERS = asking("events.viewed.count"), asking("events.viewed.count", "events.ordered.count")
SEEN = event("viewed")


def test_a_draft_that_asks_the_same_is_told_exactly() -> None:
    assert Exactness(VIEWS, VIEWS).holds_for(profile(VIEWS, SEEN))


def test_a_draft_that_asks_for_a_further_event_is_not() -> None:
    assert not Exactness(VIEWS, VIEWS_AND_ORDERS).holds_for(profile(VIEWS, SEEN))


def test_a_draft_that_asks_for_less_is_told_exactly() -> None:
    assert Exactness(VIEWS_AND_ORDERS, VIEWS).holds_for(profile(VIEWS_AND_ORDERS, SEEN))


def test_a_profile_that_was_kept_for_the_draft_answers_both_if_the_draft_asks_for_more() -> None:
    assert Exactness(VIEWS, VIEWS_AND_ORDERS).holds_for(profile(VIEWS_AND_ORDERS, SEEN))


def test_of_a_profile_that_was_kept_for_something_else_nothing_is_known() -> None:
    kept = profile(asking("events.searched.count"), SEEN)

    assert not Exactness(VIEWS, VIEWS).holds_for(kept)
    assert Exactness(ruleset(), ruleset()).holds_for(kept)


def test_a_visitor_who_did_nothing_yet_is_told_exactly() -> None:
    assert Exactness(VIEWS, VIEWS_AND_ORDERS).holds_for(Profile(traits={"vip": True}))


def test_rulesets_that_ask_for_no_event_are_told_exactly_from_any_profile() -> None:
    assert Exactness(ruleset(), ruleset()).holds_for(profile(None, SEEN))


def test_a_profile_kept_for_nothing_answers_no_ruleset_that_asks() -> None:
    assert not Exactness(ruleset(), VIEWS).holds_for(profile(ruleset(), SEEN))


@pytest.mark.parametrize(
    ("kept", "asked", "answered"),
    [
        (EventNeeds(30), EventNeeds(7), True),
        (EventNeeds(7), EventNeeds(30), False),
        (EventNeeds(sums=frozenset({"value"})), EventNeeds(), True),
        (EventNeeds(), EventNeeds(sums=frozenset({"value"})), False),
        (EventNeeds(), EventNeeds(latest=frozenset({"path"})), False),
        (EventNeeds(), EventNeeds(since=frozenset({"ordered"})), False),
    ],
)
def test_a_longer_window_answers_a_shorter_one_and_nothing_answers_what_was_not_kept(
    kept: EventNeeds, asked: EventNeeds, *, answered: bool
) -> None:
    assert answers({"viewed": kept}, {"viewed": asked}) is answered
    assert not answers({}, {"viewed": asked})
