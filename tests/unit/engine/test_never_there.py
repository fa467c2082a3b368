from typing import Any

import pytest

from app.engine.compile import parse_document
from app.engine.never_there import never_there, stages_of

STAGES = stages_of(
    parse_document(
        {
            "journeys": [
                {"key": "support", "stages": [{"key": "asked"}]},
                {"key": "purchase", "primary": True, "stages": [{"key": "awareness"}, {"key": "decision"}]},
            ]
        }
    )
)


def found(condition: dict[str, Any], stages: Any = STAGES) -> dict[str, str]:
    return {problem.pointer: problem.message for problem in never_there(condition, stages, pointer="/at")}


@pytest.mark.parametrize(
    "condition",
    [
        {"context.country": "DE", "context.url.query.x": "y", "context.attributes.mine": 1},
        {"context.bot": False, "context.browser": "firefox", "context.os": {"$in": ["ios"]}},
        {"context.hour": 3, "profile.age_days": {"$gt": 1}, "profile.is_new": True, "context": {}},
        {"traits.anything.at.all": 1, "events.any.count": 1, "events.any.last_thing": 1, "segments": "vip"},
        {
            "stage": {"$in": ["awareness", "decision"]},
            "stages.support": "asked",
            "stages.purchase": "decision",
        },
        {"stage": {"$exists": True}},
    ],
)
def test_what_visitors_have_is_nothing_strange(condition: dict[str, Any]) -> None:
    assert found(condition) == {}


def test_a_misspelt_attribute_is_named_with_what_was_probably_meant() -> None:
    assert found({"$or": [{"context.contry": {"$in": ["DE"]}}], "profile.age": 3}) == {
        "/at/$or/0/context.contry/$in": "no visitor ever has 'context.contry'"
        " (what a page says besides is in context.attributes); did you mean country?",
        "/at/profile.age": "no visitor ever has 'profile.age'; known are age_days, is_new",
    }


def test_what_is_in_an_object_is_not_kept_of_an_event() -> None:
    assert found({"events.order.last_home.country": {"$in": ["DE"]}}) == {
        "/at/events.order.last_home.country/$in": "no visitor ever has 'events.order.last_home.country':"
        " of an object nothing is kept as the latest value"
    }


def test_a_stage_that_is_none_is_named_with_what_was_probably_meant() -> None:
    assert found({"stage": {"$in": ["awareness", "decisions"]}, "stages.support": "awareness"}) == {
        "/at/stage/$in": "no visitor ever stands in a stage 'decisions'; did you mean decision?",
        "/at/stages.support": "no visitor ever stands in a stage 'awareness'; known are asked",
    }


def test_without_a_journey_nobody_stands_anywhere() -> None:
    without = stages_of(parse_document({}))
    assert found({"stage": "decision"}, without) == {
        "/at/stage": "no visitor ever stands in a stage 'decision'; there is no journey"
    }
