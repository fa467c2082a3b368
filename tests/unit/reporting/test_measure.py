from typing import Any

import pytest

from app.engine.model import Denominator, Document, Journey, Metric, Stage
from app.engine.places import DEEPEST
from app.reporting.measure import Column, Happened, Measure, measure_of
from tests.builders import DAY, NOW

DAY_S = 86_400
NOTHING = Document()


def measure(**fields: Any) -> Measure:
    made = measure_of(Metric(**{"key": "m", "event": "order_completed", **fields}), NOTHING)
    assert isinstance(made, Measure)
    return made


def ordered(
    after_s: float = 60, name: str = "order_completed", *, trusted: bool = False, **properties: Any
) -> Happened:
    return Happened(name, after_s, trusted, properties)


def worth_of(column: Column, *events: Happened) -> float:
    return min(column.at_most, sum(column.worth_of(event, NOW) for event in events))


def x_of(made: Measure, *events: Happened) -> float:
    return worth_of(made.columns[0], *events)


def test_a_conversion_is_one_however_many_events_there_are() -> None:
    assert x_of(measure(), ordered(), ordered()) == 1
    assert x_of(measure()) == 0


def test_a_count_is_the_number_of_events() -> None:
    assert x_of(measure(kind="count"), ordered(), ordered()) == 2


def test_a_mean_adds_up_the_property() -> None:
    assert x_of(measure(kind="mean", property="value"), ordered(value=10), ordered(value=2.5)) == 12.5


@pytest.mark.parametrize(
    ("value", "number"),
    [("19.90", 19.9), (" 3 ", 3), (-4, -4), (True, 0), (None, 0), ("free", 0), ([5], 0), ({}, 0), ("inf", 0)],
)
def test_a_property_counts_where_it_is_a_number_or_says_one(value: object, number: float) -> None:
    assert x_of(measure(kind="mean", property="value"), ordered(value=value)) == number


def test_a_number_too_large_for_a_float_counts_as_nothing() -> None:
    assert x_of(measure(kind="mean", property="value"), ordered(value=10**400)) == 0


@pytest.mark.parametrize(("value", "number"), [(-1e15, -1e15), (1.1e15, 0), (-1.7e308, 0), ("1e16", 0)])
def test_a_number_that_nobody_means_counts_as_nothing(value: object, number: float) -> None:
    assert x_of(measure(kind="mean", property="value"), ordered(value=value)) == number


def test_a_missing_property_counts_as_nothing() -> None:
    assert x_of(measure(kind="mean", property="value"), ordered(price=3)) == 0


def test_other_events_do_not_count() -> None:
    assert x_of(measure(), ordered(name="page_viewed")) == 0


def test_event_and_property_are_found_in_any_spelling() -> None:
    made = measure(event="Order Completed", kind="mean", property="orderValue")
    assert x_of(made, ordered(order_value=7)) == 7


@pytest.mark.parametrize(("after_s", "x"), [(2 * DAY_S, 1), (2 * DAY_S + 0.000001, 0)])
def test_the_window_closes_on_the_microsecond(after_s: float, x: int) -> None:
    assert x_of(measure(window_days=2), ordered(after_s)) == x


def test_a_trusted_metric_counts_only_what_a_secret_key_sent() -> None:
    assert x_of(measure(trusted=True, kind="count"), ordered(), ordered(trusted=True)) == 1


def test_only_events_that_meet_the_condition_count() -> None:
    made = measure(kind="count", where={"properties.currency": "EUR"})
    assert x_of(made, ordered(currency="EUR"), ordered(currency="USD"), ordered()) == 1


@pytest.mark.parametrize("spelling", ["sold_by", "soldBy", "Sold By"])
def test_a_condition_finds_properties_in_any_spelling(spelling: str) -> None:
    made = measure(where={f"properties.{spelling}.name": "us"})
    assert x_of(made, ordered(sold_by={"name": "us"})) == 1
    assert x_of(made, ordered(sold_by="us")) == 0
    assert x_of(made, ordered()) == 0


def test_a_duration_in_a_condition_is_counted_back_from_the_event() -> None:
    made = measure(where={"properties.shipped_at": {"$after": "-2d"}})
    three_days_later = 3 * DAY_S
    assert x_of(made, ordered(three_days_later, shipped_at=(NOW + 2 * DAY).isoformat())) == 1
    assert x_of(made, ordered(three_days_later, shipped_at=NOW.isoformat())) == 0


def test_properties_are_read_only_where_something_is_asked_of_them() -> None:
    assert not measure().columns[0].reads_properties
    assert measure(where={"properties.currency": "EUR"}).columns[0].reads_properties
    assert measure(kind="mean", property="value").columns[0].reads_properties


def test_a_ratio_counts_its_denominator_beside_it() -> None:
    views = Denominator(event="Page Viewed")
    made = measure(kind="ratio", property="value", denominator=views, where={"properties.currency": "EUR"})
    events = [ordered(value=5, currency="EUR"), ordered(value=7), ordered(name="page_viewed")]
    assert [worth_of(column, *events) for column in made.columns] == [5, 1]
    assert made.is_ratio
    by_property = measure(kind="ratio", denominator=Denominator(event="e", property="n"))
    assert [worth_of(column, ordered(), ordered(name="e", n=3)) for column in by_property.columns] == [1, 3]


def test_a_covariate_is_the_same_strictly_before_the_first_assignment() -> None:
    made = measure(kind="mean", property="value", covariate_days=2)
    x, before = made.columns
    assert made.has_covariate
    events = [ordered(-2 * DAY_S, value=1), ordered(-1e-6, value=2), ordered(0, value=4), ordered(1, value=8)]
    assert (worth_of(x, *events), worth_of(before, *events)) == (8, 2)
    assert (made.window, made.before) == (14 * DAY, 2 * DAY)


def test_a_covariate_of_a_ratio_has_two_columns_of_its_own() -> None:
    made = measure(kind="ratio", denominator=Denominator(event="e"), covariate_days=1)
    assert [column.event for column in made.columns] == ["order_completed", "e"] * 2
    assert [column.until_s > 0 for column in made.columns] == [True, True, False, False]


def test_retention_is_to_do_it_again_after_so_many_days() -> None:
    made = measure(kind="retention", after_days=7, window_days=3)
    assert [x_of(made, ordered(days * DAY_S)) for days in (1, 7, 7.5, 10, 10.1)] == [0, 0, 1, 1, 0]
    assert made.window == 10 * DAY


JOURNEYS = (
    Journey(key="other", stages=(Stage(key="awareness"), Stage(key="decision"))),
    Journey(key="purchase", primary=True),
)


def moved(stage: str, stood_at: str | None = "consideration", journey: str = "purchase") -> Happened:
    move = {"journey": journey, "stage": stage, "stood_at": stood_at}
    return Happened("$stage", 60, trusted=False, properties=move)


def staged(**fields: Any) -> Column:
    made = measure_of(Metric(key="m", **fields), Document(journeys=JOURNEYS))
    assert isinstance(made, Measure)
    return made.columns[0]


def test_to_reach_a_stage_counts_once_and_in_its_own_journey() -> None:
    column = staged(kind="stage_reached", stage="decision")
    assert worth_of(column, moved("decision"), moved("decision")) == 1
    assert worth_of(column, moved("decision", journey="other"), moved("retention")) == 0
    assert worth_of(staged(kind="stage_reached", stage="decision", journey="other"), moved("decision")) == 0


@pytest.mark.parametrize(
    ("stage", "stood_at", "x"),
    [
        ("decision", "consideration", 1),
        ("consideration", "consideration", 0),
        ("awareness", "consideration", 0),
        ("consideration", None, 1),
        ("gone", "awareness", 0),
    ],
)
def test_to_progress_is_to_come_further_than_where_one_stood(stage: str, stood_at: str, x: int) -> None:
    assert worth_of(staged(kind="stage_progressed"), moved(stage, stood_at)) == x


def test_without_a_journey_nobody_progresses() -> None:
    made = measure_of(Metric(key="m", kind="stage_progressed"), NOTHING)
    assert isinstance(made, Measure)
    assert worth_of(made.columns[0], moved("decision")) == 0


def test_a_ratio_without_a_denominator_is_not_measured() -> None:
    assert "names none" in str(measure_of(Metric(key="m", event="e", kind="ratio"), NOTHING))


def test_a_mean_without_a_property_is_not_measured() -> None:
    assert "names none" in str(measure_of(Metric(key="m", event="e", kind="mean"), NOTHING))


def test_a_condition_that_cannot_be_read_is_named_with_its_place() -> None:
    found = measure_of(Metric(key="m", event="e", where={"properties.x": {"$no": 1}}), NOTHING)
    assert "/where/properties.x/$no" in str(found)


def test_a_window_can_be_a_part_of_a_day() -> None:
    assert measure(window_days=0.5).window == DAY / 2


EUROS = {"kind": "mean", "property": "value", "where": {"properties.currency": "EUR"}}


def elsewhere(made: Measure, *events: Happened) -> float:
    assert made.elsewhere is not None
    return worth_of(made.elsewhere, *events)


def test_events_that_only_their_currency_keeps_out_are_counted_apart() -> None:
    made = measure(**EUROS)
    events = [ordered(value=5, currency=currency) for currency in ("EUR", "USD", "GBP", None)]
    assert (x_of(made, *events), elsewhere(made, *events)) == (5, 3)
    assert elsewhere(made, ordered(-60, currency="USD"), ordered(15 * DAY_S, currency="USD")) == 0


def test_what_something_else_keeps_out_too_is_not_of_another_currency() -> None:
    where = {"properties.currency": {"$in": ["EUR", "CHF"]}, "properties.value": {"$gt": 1}}
    made = measure(**{**EUROS, "where": where, "trusted": True})
    assert elsewhere(made, ordered(value=9, currency="USD", trusted=True)) == 1
    assert elsewhere(made, ordered(value=9, currency="CHF", trusted=True)) == 0
    assert elsewhere(made, ordered(value=1, currency="USD", trusted=True)) == 0
    assert elsewhere(made, ordered(value=9, currency="USD")) == 0


@pytest.mark.parametrize("where", [{}, {"properties.value": 1}, {"$or": [{"properties.currency": "EUR"}]}])
def test_a_metric_that_names_no_currency_leaves_none_out(where: dict[str, Any]) -> None:
    assert measure(where=where).elsewhere is None


def test_a_conversion_counts_every_event_of_another_currency() -> None:
    made = measure(where={"properties.Currency": "EUR"})
    assert elsewhere(made, ordered(currency="USD"), ordered(currency="USD")) == 2


def test_a_condition_that_is_as_deep_as_may_be_is_no_failure() -> None:
    deep: dict[str, Any] = {"properties.value": 1}
    for _ in range(DEEPEST):
        deep = {"$and": [deep]}
    made = measure_of(Metric(key="m", event="x", where={**deep, "properties.currency": "EUR"}), NOTHING)
    assert isinstance(made, Measure)
