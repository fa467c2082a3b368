from collections.abc import Sequence
from typing import Any

import pytest

from app.kit.steps import finished
from app.reporting.compare import Pair
from app.reporting.significance import adjust, adjusted_of, significant_of, times_of
from tests.unit.reporting.counted import compare_all, counted, definition, orders, revenue, units

WON = frozenset({("orders", "treatment")})


def significant(
    ordering: int, looks: Sequence[int] = (), *, is_over: bool = False, **fields: Any
) -> frozenset[Pair]:
    """100 of 1,000 units order in control, and so many of treatment."""
    found = definition(orders(), **fields)
    rows = [*units("control", 1000, 100), *units("treatment", 1000, ordering)]
    compared = compare_all(found, counted(found, rows).everyone)
    return finished(significant_of(found, compared, looks, is_over=is_over))


@pytest.mark.parametrize(
    ("correction", "adjusted"),
    [("none", [0.01, 0.04]), ("holm", [0.02, 0.04]), ("benjamini_hochberg", [0.02, 0.04])],
)
def test_p_values_are_adjusted_as_the_experiment_says(correction: str, adjusted: list[float]) -> None:
    analysis = definition(analysis={"correction": correction}).analysis
    p_values = {("m", "b"): 0.01, ("m", "c"): 0.04, ("m", "d"): None}
    assert list(adjust(p_values, analysis).items()) == [(("m", "b"), adjusted[0]), (("m", "c"), adjusted[1])]
    assert adjust({}, analysis) == {}


def test_guardrails_are_no_part_of_what_is_adjusted() -> None:
    found = definition(orders(), orders("guard"), metrics=[{"metric": "guard", "role": "guardrail"}])
    rows = [*units("control", 100, 10), *units("treatment", 100, 30)]
    compared = compare_all(found, counted(found, rows).everyone)
    assert adjusted_of(found, compared) == {
        ("orders", "treatment"): compared["orders", "treatment"].fixed.p_value
    }


def test_by_default_what_holds_at_every_look_is_significant() -> None:
    assert significant(200) == WON
    # p = 0.01 at a fixed size is not enough for somebody who looks every day.
    assert significant(138) == frozenset()


@pytest.mark.parametrize("method", ["always_valid", "fixed", "group_sequential", "bayesian"])
@pytest.mark.parametrize("metric", [orders(), revenue("orders")])
def test_a_few_units_that_did_nothing_decide_nothing(metric: dict[str, Any], method: str) -> None:
    found = definition(metric, analysis={"method": method, "planned_units": 500})
    rows = [*units("control", 5, 0), *units("treatment", 495, 25)]
    for of in (rows, [*units("control", 495, 25), *units("treatment", 5, 0)]):
        compared = compare_all(found, counted(found, of).everyone)
        assert finished(significant_of(found, compared, [500], is_over=True)) == frozenset()


def test_a_fixed_test_calls_what_lies_below_alpha_once_all_planned_units_are_there() -> None:
    plan: dict[str, Any] = {"analysis": {"method": "fixed", "planned_units": 2000}}
    assert significant(138, [1999], **plan) == frozenset()
    assert significant(138, [1000, 2000], **plan) == WON
    assert significant(120, [2000], **plan) == frozenset()


def test_without_a_plan_a_fixed_test_is_called_when_it_has_ended() -> None:
    assert significant(138, [2000], analysis={"method": "fixed"}) == frozenset()
    assert significant(138, [2000], analysis={"method": "fixed"}, is_over=True) == WON
    assert significant(138, [], analysis={"method": "fixed", "planned_units": 5}) == frozenset()


def test_a_fixed_test_that_was_stopped_before_its_planned_size_calls_nothing() -> None:
    plan: dict[str, Any] = {"method": "fixed", "planned_units": 2001}
    assert significant(400, [2000], analysis=plan, is_over=True) == frozenset()
    assert significant(400, [2000], analysis={**plan, "method": "bayesian"}, is_over=True) == WON


def test_alpha_is_spent_by_and_by() -> None:
    plan: dict[str, Any] = {"analysis": {"method": "group_sequential", "planned_units": 4000}}
    assert significant(138, [500, 1000, 2000], **plan) == frozenset()
    assert significant(170, [500, 1000, 2000], **plan) == WON
    full: dict[str, Any] = {"analysis": {"method": "group_sequential", "planned_units": 2000}}
    assert significant(138, [500, 1000, 2000, 2500], **full) == WON
    assert significant(170, [2000], analysis={"method": "group_sequential"}) == frozenset()
    assert significant(170, [], **plan) == frozenset()


def test_several_metrics_share_alpha() -> None:
    metrics = [orders(), orders("again")]
    plan: dict[str, Any] = {"method": "group_sequential", "planned_units": 2000}
    for correction, number in (("none", 2), ("holm", 0)):
        found = definition(*metrics, analysis={**plan, "correction": correction})
        rows = [*units("control", 1000, 100), *units("treatment", 1000, 128)]
        compared = compare_all(found, counted(found, rows).everyone)
        assert len(finished(significant_of(found, compared, [2000], is_over=False))) == number


def test_a_belief_is_called_once_all_planned_units_are_there() -> None:
    plan: dict[str, Any] = {"analysis": {"method": "bayesian", "planned_units": 2000}}
    assert significant(138, [2000], **plan) == WON
    assert significant(110, [2000], **plan) == frozenset()
    assert significant(138, [100], **plan) == frozenset()


def test_looks_that_are_too_close_together_are_one_and_the_last_has_all() -> None:
    assert times_of([10, 10, 500, 1000, 1200], 1000) == [0.01, 0.5, 1.0]
    assert times_of([], 1000) == []
