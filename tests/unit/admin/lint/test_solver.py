"""What one condition makes of another, for all visitors there can be."""

from typing import Any

import pytest

from app.admin.lint.site import Site
from app.admin.lint.solve import Answer, Impossible, OutOfTimeError, Shown, Unknown
from app.admin.lint.terms import No
from app.engine.conditions import compile_condition
from tests.builders import NOW, journey, parsed, rule, segment

X = "traits.x"
COUNT, WEEK, MONTH = (f"events.seen.{name}" for name in ("count", "count_7d", "count_30d"))
LAST, SINCE = "events.seen.last_at", "events.seen.days_since"


def site(**fields: Any) -> Site:
    return Site(parsed(**fields), NOW)


def beyond(one: dict[str, Any], other: dict[str, Any], **fields: Any) -> Answer:
    """Look for somebody who meets one condition and not the other."""
    asked = [rule(f"r{n}", audience={"condition": each}) for n, each in enumerate((one, other))]
    looked_at = site(rules=asked, **fields)
    holds, holds_too = compile_condition(one), compile_condition(other)
    terms = [looked_at.translation.of_condition(one), No(looked_at.translation.of_condition(other))]
    return looked_at.solver.ask(terms, lambda v, _: holds(v, v.now) and not holds_too(v, v.now))


IMPLIED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({X: 3}, {X: {"$gt": 2}}),
    ({X: 3}, {X: {"$gt": "2"}}),
    ({X: "3"}, {X: {"$gt": 2}}),
    ({X: None}, {X: {"$lt": "1"}}),
    ({X: {"$exists": False}}, {X: {"$lte": 0}}),
    ({X: {"$type": "undefined"}}, {X: None}),
    ({X: {"$type": "undefined"}}, {X: {"$exists": False}}),
    ({X: {"$type": "boolean"}}, {X: {"$in": [True, False]}}),
    ({X: {"$type": "boolean"}}, {"$nor": [{X: {"$gt": 0}}, {X: {"$lte": 0}}]}),
    ({X: {"$gt": 2.5}}, {X: {"$gte": 2.5}}),
    ({X: {"$lt": "b"}}, {X: {"$lte": "b"}}),
    ({X: {"$lt": "a"}}, {X: {"$lt": "b"}}),
    ({X: {"$in": ["a", "b"]}}, {X: {"$in": ["b", "c", "a"]}}),
    ({X: {"$all": ["a", "b"]}}, {X: {"$in": ["b"]}}),
    ({X: {"$all": ["a"]}}, {X: {"$alli": ["A"]}}),
    ({X: {"$all": ["a"]}}, {X: {"$type": "array"}}),
    ({X: {"$all": []}}, {X: {"$type": "array"}}),
    ({X: {"$in": ["a"]}}, {X: {"$ini": ["A"]}}),
    ({X: {"$nini": ["A"]}}, {X: {"$nin": ["a"]}}),
    ({X: {"$nin": [1, 2]}}, {X: {"$ne": 1}}),
    ({X: [1, 2]}, {X: {"$in": [2]}}),
    ({X: {"a": 1}}, {X: {"$type": "object"}}),
    ({X: {"$regex": "^ab"}}, {X: {"$regex": "^a"}}),
    ({X: {"$regex": "^ab"}}, {"$not": {X: {"$regex": "^b"}}}),
    ({X: {"$regex": "a+"}}, {X: {"$type": "string"}}),
    ({X: "aaa"}, {X: {"$regex": "a+$"}}),
    ({X: {"$veq": "1.2"}}, {X: {"$type": "string"}}),
    ({X: {"$size": 2}}, {X: {"$type": "array"}}),
    ({X: {"$not": {"$gte": 3}}, COUNT: 1}, {X: {"$not": {"$gt": 3}}}),
    ({"$or": []}, {"$nor": []}),
    ({"traits.x.y": 1}, {X: {"$exists": True}}),
    ({"traits.x.y": 1}, {X: {"$type": "object"}}),
    ({COUNT: {"$lt": 3, "$gt": 1}}, {COUNT: 2}),
    ({COUNT: {"$lt": 1}}, {COUNT: 0}),
    ({WEEK: {"$gte": 2}}, {MONTH: {"$gt": 1}}),
    ({WEEK: 1}, {COUNT: {"$gte": 1}}),
    ({WEEK: {"$gt": 0}}, {SINCE: {"$lt": 7}}),
    ({COUNT: 0}, {SINCE: 36_500}),
    ({COUNT: 0}, {"events.seen.sum_value": 0}),
    ({COUNT: 0}, {"events.seen.last_kind": None}),
    ({COUNT: 0}, {LAST: {"$exists": False}}),
    ({WEEK: 1}, {LAST: {"$exists": True}}),
    ({"events.seen.first_at": {"$exists": True}}, {LAST: {"$exists": True}}),
    ({"events.seen.count_since_left": 2}, {COUNT: {"$gte": 2}}),
    ({LAST: {"$after": "-1d"}}, {LAST: {"$after": "-36h"}}),
    ({LAST: {"$after": "2026-03-09T00:00:00Z"}}, {LAST: {"$after": "2026-03-08T00:00:00Z"}}),
    ({X: "2026-03-09T12:00:00Z"}, {X: {"$before": "+1d"}}),
    ({X: {"$after": "-1d", "$type": "number"}}, {X: {"$gt": 1_000_000}}),
    ({X: {"$type": "number"}}, {X: {"$ne": [7]}}),
    ({X: {"$after": "-1d"}}, {"$not": {X: {"$before": "-1d"}}}),
    ({X: {"$after": "2026-03-09T00:00:00Z"}}, {X: {"$not": {"$before": "2026-03-08T00:00:00Z"}}}),
    ({X: {"$vgte": "2.0.0"}}, {X: {"$vgt": "1.9"}}),
    ({X: {"$veq": "1.2.0"}}, {X: {"$veq": "v1.2"}}),
    ({X: {"$vgt": "2.0.0-rc.1"}}, {X: {"$vne": "2.0.0-beta"}}),
    ({X: {"$veq": "1.0"}}, {"$nor": [{X: {"$vlt": "1.0.0"}}, {X: {"$vgt": "1.0.0"}}]}),
    ({X: {"$size": 3}}, {X: {"$size": {"$gte": 2}}}),
    ({X: {"$size": {"$lte": 1}}}, {"$not": {X: {"$all": ["a", "b"]}}}),
    ({X: {"$size": 0}}, {"$not": {X: {"$ini": ["a"]}}}),
    ({X: {"$regex": "shoes"}}, {X: {"$regex": "shoe"}}),
    ({X: {"$regex": "^/shoes$"}}, {X: {"$regex": "shoes$"}}),
    ({X: {"$regex": "^Sale"}}, {X: {"$regexi": "sale"}}),
    ({X: {"$regex": "s+ale"}}, {X: {"$regexi": "s+ale"}}),
    ({X: {"$regex": "^a$"}}, {X: "a"}),
    ({LAST: {"$before": "-7d"}}, {WEEK: 0}),
    ({WEEK: {"$gte": 1}}, {LAST: {"$after": "-7d"}}),
    ({SINCE: {"$lt": 3}}, {WEEK: {"$gte": 1}}),
    ({"events.seen.first_at": {"$after": "-2d"}, WEEK: 1}, {COUNT: 1}),
    ({"events.seen.first_at": {"$before": "-7d"}, COUNT: 1}, {WEEK: 0}),
    ({"events.seen.first_at": {"$after": "-2d"}}, {LAST: {"$after": "-3d"}}),
    ({"profile.age_days": 0, COUNT: 1}, {SINCE: 0}),
    ({"profile.is_new": True, COUNT: 1}, {LAST: {"$after": "-1s"}}),
    ({"profile.is_new": True}, {"profile.age_days": 0}),
    ({"profile.age_days": {"$gte": 1}}, {"profile.is_new": False}),
    ({"context.weekday": {"$gt": 5}}, {"context.weekday": {"$in": [6, 7]}}),
    ({"context.country": {"$type": "string"}}, {"context.country": {"$exists": True}}),
    ({"context.utm.source": {"$exists": True}}, {"context.utm.source": {"$type": "string"}}),
    ({"context.url.query.q": {"$ne": None}}, {"context.url.query.q": {"$type": "string"}}),
]


@pytest.mark.parametrize(("one", "other"), IMPLIED)
def test_nobody_meets_the_one_without_the_other(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert isinstance(beyond(one, other), Impossible)


BEYOND: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({X: {"$gt": 2}}, {X: 3}),
    ({X: {"$in": ["a"]}}, {X: "a"}),
    ({X: {"$ini": ["a"]}}, {X: {"$in": ["a"]}}),
    ({X: {"$alli": ["a", 1]}}, {X: {"$all": ["a"]}}),
    ({X: {"$lte": 0}}, {X: {"$exists": True}}),
    ({X: None}, {X: {"$type": "null"}}),
    ({X: {"$type": "null"}}, {X: {"$type": "undefined"}}),
    ({X: {"$type": "object"}}, {X: {"a": 1}}),
    ({X: {"$type": "array"}}, {X: {"$size": 0}}),
    ({X: {"$type": "string"}}, {X: {"$lt": "m"}}),
    ({X: {"$type": "string"}}, {X: {"$regexi": "^a"}}),
    ({X: {"$vgt": "1.2.0"}}, {X: {"$vgt": "1.2.1"}}),
    ({X: {"$vlt": "1.2.0"}}, {X: {"$veq": "1.1.0"}}),
    ({X: {"$size": {"$gte": 2}}}, {X: {"$size": 2}}),
    ({X: {"$size": 3, "$all": ["a"]}}, {X: {"$in": ["b"]}}),
    ({X: {"$size": {"$in": [1, 2]}}}, {X: {"$size": 2}}),
    ({X: {"$regex": "shoe"}}, {X: {"$regex": "shoes"}}),
    ({X: {"$regexi": "sale"}}, {X: {"$regex": "sale"}}),
    ({X: {"$vgte": "1.0.0-rc.1"}}, {X: {"$vgte": "1.0.0"}}),
    ({"events.seen.first_at": {"$before": "-7d"}, WEEK: 1}, {COUNT: 1}),
    ({"profile.age_days": 3, COUNT: 1}, {SINCE: 3}),
    ({X: {"$elemMatch": {"$gte": 2, "$lt": 5}}}, {X: {"$in": [3]}}),
    ({X: {"$elemMatch": {"kind": "a", "count": {"$gt": 2}}}}, {X: {"$size": 2}}),
    ({X: {"$elemMatch": {"kind": {"$exists": True}}}}, {X: {"$size": 2}}),
    ({X: {"$in": [[1], {"a": 1}, True]}}, {X: True}),
    ({X: {"$in": ["a", "b"], "$nin": ["a"]}}, {X: "b"}),
    ({X: {"$alli": ["ab", "A"]}}, {X: {"$in": ["AB", "a"]}}),
    ({X: {"$elemMatch": {"$before": "-7d"}, "$in": ["2026-01-01T00:00:00Z"]}}, {X: {"$size": 2}}),
    ({X: 7}, {X: {"$in": [1, 7], "$ne": [7]}, "traits.z": 1}),
    ({X: {"$gt": 1, "$lt": 2}}, {X: {"$gt": 1.5}}),
    ({"traits.x.y": {"$exists": True}}, {"traits.x.y": 1}),
    ({COUNT: {"$gte": 1}}, {WEEK: {"$gte": 1}}),
    ({SINCE: {"$gte": 3, "$lt": 9}}, {SINCE: 4}),
    ({SINCE: 0}, {WEEK: 2}),
    ({"events.seen.sum_value": {"$gt": 10.5}}, {COUNT: 2}),
    ({"events.seen.last_kind": "a"}, {COUNT: 2}),
    ({"events.seen.count_since_left": {"$gte": 2}}, {COUNT: 2}),
    ({LAST: {"$before": "-7d"}}, {LAST: {"$before": "-8d"}}),
    ({LAST: {"$after": "2026-03-08T00:00:00Z"}}, {LAST: {"$after": "2026-03-09T00:00:00Z"}}),
    ({"events.seen.first_at": {"$exists": True}}, {COUNT: 2}),
    ({X: {"$after": "-1d"}}, {X: {"$after": "-1h"}}),
    ({X: {"$before": "2020-01-01T00:00:00Z"}}, {X: {"$type": "number"}}),
    ({"profile.is_new": True}, {COUNT: 1}),
    ({"profile.is_new": False}, {"profile.age_days": 1}),
    ({"profile.age_days": {"$gte": 3}}, {"profile.age_days": 3}),
    ({"context.hour": {"$gte": 20}, "context.weekday": 7}, {"context.hour": 20}),
    ({"context.country": {"$ne": "DE"}}, {"context.country": {"$exists": False}}),
    ({"context.utm.source": "mail"}, {"context.url.path": "/"}),
]


@pytest.mark.parametrize(("one", "other"), BEYOND)
def test_somebody_meets_the_one_without_the_other(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert isinstance(beyond(one, other), Shown)


SEGMENTS = [segment("a", {X: 1}), segment("B", {X: {"$in": [1, 2]}}), segment("c", {COUNT: 1})]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"segments": {"$in": ["a"]}}, {"segments": {"$in": ["B"]}}),
        ({"segments": {"$all": ["a", "c"]}}, {X: 1, COUNT: 1}),
        ({"segments": {"$alli": ["B"]}}, {X: {"$in": [1, 2]}}),
        ({"segments": {"$ini": ["B"]}}, {"segments": {"$in": ["B"]}}),
        ({"segments": {"$nini": ["B"]}}, {"segments": {"$nin": ["a"]}}),
        ({"segments": {"$nin": ["B"]}}, {X: {"$ne": 1}}),
        ({}, {"segments": {"$exists": True}}),
        ({"segments": {"$exists": False}}, {X: 1}),
        ({}, {"segments": {"$type": "array"}}),
        ({"segments": {"$type": "string"}}, {X: 1}),
        ({"segments": {"$ne": "a"}}, {"segments": {"$type": "array"}}),
        ({"segments": "a"}, {X: 1}),
        ({"segments": {"$regex": "a"}}, {X: 2}),
        ({"segments": {"$size": 1}}, {"segments": {"$size": 1}}),
    ],
)
def test_segments_are_what_they_say(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert isinstance(beyond(one, other, segments=SEGMENTS), Impossible)


def test_how_many_segments_there_are_is_found_out_by_the_engine() -> None:
    assert isinstance(beyond({"segments": {"$size": 0}}, {COUNT: 1}, segments=SEGMENTS), Shown)


JOURNEYS = [
    journey(
        "new",
        {"key": "warm", "when": {COUNT: {"$gte": 1}}, "decay_after_days": 30},
        {"key": "hot", "when": {COUNT: {"$gte": 5}}, "stay": {COUNT: {"$gte": 3}}},
        {"key": "kept", "when": {X: 1}, "min_dwell_s": 60},
    )
]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"stage": "warm"}, {COUNT: {"$gte": 1, "$lt": 5}}),
        ({"stage": "hot"}, {COUNT: {"$gte": 3}}),
        ({"stage": {"$in": ["warm", "hot"]}}, {"stages.purchase": {"$nin": ["new", "kept"]}}),
        ({X: 1}, {"stage": "kept"}),
        ({"stage": {"$regex": "w$"}}, {"stage": "new"}),
        ({"stage": {"$exists": False}}, {X: 5}),
    ],
)
def test_stages_rest_on_their_conditions(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert isinstance(beyond(one, other, journeys=JOURNEYS), Impossible)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"stage": "hot"}, {COUNT: {"$gte": 5}}),
        ({"stage": "kept"}, {X: 1}),
        ({COUNT: 2}, {"stage": "warm"}),
        ({"stage": "new"}, {COUNT: 0}),
        ({"stage": "warm"}, {COUNT: 1}),
    ],
)
def test_stages_are_also_held_and_left(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert isinstance(beyond(one, other, journeys=JOURNEYS), Shown)


def test_without_a_journey_nobody_has_a_stage() -> None:
    assert isinstance(beyond({"stage": "new"}, {X: 1}), Impossible)
    assert isinstance(beyond({"stage": None}, {X: 1}), Shown)


def test_what_a_duration_from_now_makes_of_an_element_is_left_open() -> None:
    lately = {X: {"$elemMatch": {"$or": [{"a": {"$after": "+7d"}}]}, "$in": [{"a": "2026-03-12T00:00:00Z"}]}}

    assert isinstance(beyond(lately, {"traits.z": 1}), Unknown)


def test_what_the_solver_does_not_know_is_unknown() -> None:
    answer = beyond({X: {"$regex": "b+c"}}, {X: {"$regex": "bc"}})

    assert isinstance(answer, Unknown)
    assert "no visitor" in answer.why


def test_whoever_the_engine_does_not_confirm_is_not_shown() -> None:
    looked_at = site()
    wanted = [looked_at.translation.of_condition({X: 1})]

    assert isinstance(looked_at.solver.ask(wanted, lambda *_: False), Unknown)
    assert isinstance(looked_at.solver.meet(wanted, lambda *_: False), Unknown)


def test_the_terms_that_exclude_each_other_are_named() -> None:
    looked_at = site()
    conditions: list[dict[str, Any]] = [{X: 1}, {COUNT: 2}, {X: 2}]

    answer = looked_at.solver.ask(
        [looked_at.translation.of_condition(each) for each in conditions], lambda *_: True
    )

    assert answer == Impossible(frozenset({0, 2}))


def test_nothing_is_asked_once_the_time_is_up() -> None:
    looked_at = site()
    looked_at.solver.ends_at = 0

    with pytest.raises(OutOfTimeError):
        looked_at.solver.meet([], lambda *_: True)


def test_a_question_that_takes_too_long_is_unknown() -> None:
    looked_at = Site(parsed(), NOW, effort=10_000)
    pigeons = [{f"events.e{i}.count": {"$in": list(range(12))}} for i in range(13)]
    # Thirteen numbers below twelve, and no two alike: what every such solver finds hard.
    apart = [
        {"$or": [{f"events.e{i}.count": n} for i in (one, other)]}
        for n in range(12)
        for one in range(13)
        for other in range(one)
    ]
    wanted = [looked_at.translation.of_condition({"$and": pigeons, "$nor": [{"$and": apart}]})]

    assert isinstance(looked_at.solver.ask(wanted, lambda *_: False), Unknown)
