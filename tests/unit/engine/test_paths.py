"""Dotted paths: where they lead, and which lead nowhere."""

from datetime import UTC, datetime
from functools import partial

import pytest

from app.engine.conditions import attributes_of
from app.engine.event_lookup import EventLookup
from app.engine.lookup import Lookup
from app.engine.paths import Path
from app.engine.profile import Counter
from tests.unit.engine.judging import Computed, Strange, holds, problems_of


def _is(one: object, other: object, _now: object) -> bool:
    return one is other


DEEP = {"a": {"b": {"c": {"d": {"e": 1}}}}}


@pytest.mark.parametrize("path", ["a.b.c.d.e", "a.b.c.d", "a.b.c", "a.b", "a"])
def test_a_path_reaches_into_objects(path: str) -> None:
    assert holds({path: {"$exists": True}}, DEEP)


@pytest.mark.parametrize("path", ["x", "a.x", "a.b.x", "a.b.c.x", "a.b.c.d.x", "a.b.c.d.e.x"])
def test_a_path_that_leads_nowhere_finds_null(path: str) -> None:
    assert holds({path: None}, DEEP)


@pytest.mark.parametrize("inner", [None, 1, "b", True, ["b"], {1, 2}, Strange(), float("nan")])
@pytest.mark.parametrize("path", ["a.b", "a.b.c", "a.b.c.d"])
def test_a_path_does_not_go_on_into_what_is_no_object(path: str, inner: object) -> None:
    assert holds({path: None}, {"a": inner})
    assert holds({path: {"$type": "undefined"}}, {"a": inner})
    assert holds({f"z.{path}": None}, {"z": {"a": inner}})


@pytest.mark.parametrize(
    "path",
    ["a", "a.b", "a.b.c", "a.b.c.d", "a.b.c.d.e", "x", "x.y", "x.y.z", "a.x.y", "a.x.y.z", "a.b.c.x.y"],
)
def test_a_check_is_told_the_instant_wherever_its_path_ends(path: str) -> None:
    now = datetime(2026, 7, 1, tzinfo=UTC)

    for at in (Path(path.split(".")), Path(path.split("."), never=0)):
        assert at.bind(lambda _value, instant: instant is now)(DEEP, now)
        assert at.bind_strictly(lambda _value, instant: instant is now)(DEEP, now)


def test_a_path_goes_through_lookups_and_dicts_alike() -> None:
    visitor = Computed({"traits": {"plan": Computed({"tier": {"name": "gold"}})}})

    assert holds({"traits.plan.tier.name": "gold", "traits.plan.tier": {"name": "gold"}}, visitor)
    assert holds({"traits.plan.name": None, "context.device": None, "stage": None}, visitor)


def test_a_lookup_must_say_what_it_answers() -> None:
    with pytest.raises(NotImplementedError):
        Lookup().get("a")


@pytest.mark.parametrize("path", ["", ".", "a.", ".a", "a..b", "events..count", "events."])
def test_a_path_with_an_empty_part_is_refused(path: str) -> None:
    assert "traits.plan.tier" in problems_of({path: 1})[f"/{path}"]


def test_a_path_may_name_any_attribute() -> None:
    assert holds({"anything.at all.ünd/so~on": 1}, {"anything": {"at all": {"ünd/so~on": 1}}})


@pytest.mark.parametrize("days", [1, 9, 10, 90])
def test_a_window_has_one_to_ninety_days(days: int) -> None:
    assert holds({f"events.order_completed.count_{days}d": None}, {})


@pytest.mark.parametrize("window", ["count_0d", "count_91d", "count_100d", "count_007d", "count_07d"])
def test_any_other_window_is_refused(window: str) -> None:
    assert (
        "1 to 90 days"
        in problems_of({f"events.order_completed.{window}": 1})[f"/events.order_completed.{window}"]
    )


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("events.Order Completed.count", "events.order_completed.count"),
        ("events.orderCompleted.sum_orderValue", "events.order_completed.sum_order_value"),
        ("events.x.count_since_Page Viewed", "events.x.count_since_page_viewed"),
        ("events.x.last_plan Name", "events.x.last_plan_name"),
        ("events.x.last_address.postCode", "events.x.last_address.postCode"),
        ("events.$exposure.count_7d", "events.$exposure.count_7d"),
        ("events.x.first_at", "events.x.first_at"),
        ("events.x.last_at", "events.x.last_at"),
        ("events.x.days_since", "events.x.days_since"),
        ("traits.camelCase", "traits.camelCase"),
    ],
)
def test_event_and_property_names_are_spelled_one_way(path: str, asked: str) -> None:
    condition = {path: None}
    outer, name, attribute, *rest = (*asked.split("."), "")
    inner: object = {rest[0]: "here"} if len(rest) > 1 else "here"
    visitor = {outer: {name: {attribute: inner} if attribute else inner}}

    assert attributes_of(condition) == {asked}
    assert not holds(condition, visitor)


def test_an_element_has_events_of_its_own() -> None:
    inside = {"events.any Name.last_plan A": 1}
    visitor = {"a": [{"events": {"any Name": {"last_plan A": 1}}}]}

    assert holds({"a": {"$elemMatch": inside}}, visitor)
    assert holds({"a": {"$elemMatch": {"$or": [inside]}}}, visitor)


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("events.x.counts", "did you mean count?"),
        ("events.x.days_sinse", "did you mean days_since?"),
        ("events.x.lastat", "did you mean last_at?"),
        ("events.x.whatever", "known are count, count_30d, count_since_<event>"),
        ("events.x.sum_", "sum_<property>"),
        ("events.x.last_", "did you mean last_at?"),
        ("events.x.count_since_", "did you mean count_since_<event>?"),
        ("events.x", "as in events.order_completed.count"),
        ("events", "as in events.order_completed.count"),
        ("events.x.count.y", "as in events.order_completed.count"),
        ("events.x.last_at.y", "as in events.order_completed.count"),
    ],
)
def test_what_no_event_has_is_refused_with_what_it_has(path: str, hint: str) -> None:
    assert hint in problems_of({path: None})[f"/{path}"]


def test_an_event_that_never_was_is_36500_days_ago() -> None:
    condition = {"events.order_completed.days_since": {"$gte": 36_500}}

    assert holds(condition, {})
    assert holds({"events.order_completed.days_since": 36_500}, {})
    assert holds(condition, {"events": {"order_completed": {"days_since": None}}})
    assert not holds(condition, {"events": {"order_completed": {"days_since": 3}}})
    assert holds({"events.x.days_since": {"$type": "number", "$exists": True}}, {})


def test_only_events_are_checked_for_what_they_have() -> None:
    assert holds({"other.x.nonsense": 1}, {"other": {"x": {"nonsense": 1}}})


@pytest.mark.parametrize("attribute", ["count", "count_7d", "count_since_y", "sum_value", "days_since"])
@pytest.mark.parametrize(
    "operators",
    [
        *({"$regex": "1"}, {"$size": 1}, {"$before": "-1d"}, {"$veq": "1"}, {"$all": [1]}, {"$ini": ["a"]}),
        *({"$eq": "3"}, {"$ne": True}, {"$in": [1, "2"]}, {"$nin": [[1]]}, "3", {"b": 1}),
        {"$not": {"$elemMatch": {"$eq": 1}}},
    ],
)
def test_what_no_number_can_pass_is_refused(attribute: str, operators: object) -> None:
    assert any("number" in message for message in problems_of({f"events.x.{attribute}": operators}).values())


@pytest.mark.parametrize(
    "operators",
    [
        *({"$lt": 3}, {"$lte": "5"}, {"$gt": 3}, {"$gte": 3}, {"$eq": None}, {"$ne": 3}, 3, None),
        *(
            {"$in": [1, 2.5, None]},
            {"$nin": [1]},
            {"$exists": True},
            {"$type": "number"},
            {"$not": {"$gt": 3}},
        ),
    ],
)
def test_what_a_number_can_pass_is_asked_of_events(operators: object) -> None:
    assert type(holds({"events.x.count": operators}, {"events": {"x": {"count": 3}}})) is bool


@pytest.mark.parametrize("attribute", ["first_at", "last_at"])
def test_an_instant_of_events_is_asked_for_with_before_and_after(attribute: str) -> None:
    instant = "2026-01-01T00:00:00Z"
    visitor = {"events": {"x": {attribute: instant}}}
    either_way = {"$before": "2026-01-01T00:00:01Z", "$not": {"$after": instant}}
    as_a_value = {"$eq": instant, "$ne": None, "$exists": True, "$type": "string"}

    assert holds({f"events.x.{attribute}": {**either_way, **as_a_value}}, visitor)
    assert "$before and $after" in problems_of({f"events.x.{attribute}": {"$gt": "2026"}}).popitem()[1]


def test_events_in_a_dict_are_read_as_those_of_a_visitor_are() -> None:
    counters = {"page_viewed": Counter(count=4)}
    check = Path(("events", "page_viewed", "count")).bind(lambda value, _: value == 4)

    assert check({"events": EventLookup(counters, 0)}, None)
    assert check({"events": {"page_viewed": {"count": 4}}}, None)
    assert not check({"events": {}}, None)


@pytest.mark.parametrize(
    "path", ["a", "a.b", "a.b.c", "a.b.c.d", "x", "a.x", "x.y", "a.b.c.d.e.f", "events.x.count"]
)
def test_a_reader_finds_the_very_value_that_a_check_is_given(path: str) -> None:
    at = Path(path.split("."))
    for visitor in (DEEP, {}, {"a": Computed({"b": 1})}, {"a": Strange()}, {"events": EventLookup({}, 0)}):
        found = at.reader()(visitor)
        assert at.bind(partial(_is, found))(visitor, None)


def test_a_reader_finds_what_stands_for_a_missing_value() -> None:
    since = Path(("events", "x", "days_since"), 36_500)

    assert [since.reader()({"events": events}) for events in ({}, {"x": {"days_since": 3}})] == [36_500, 3]
