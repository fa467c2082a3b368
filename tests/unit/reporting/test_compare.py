from typing import Any

import pytest

from app.reporting.compare import Compared
from app.reporting.definition import Definition
from tests.builders import DAY, arm
from tests.unit.reporting.counted import (
    LONG_AGO,
    compare_all,
    counted,
    definition,
    order,
    orders,
    revenue,
    row,
    units,
)

THREE_ARMS = [arm("control"), arm("b"), arm("c")]


def compared(found: Definition) -> dict[tuple[str, str], Compared]:
    rows = [*units("control", 100, 10), *units("b", 100, 20), *units("c", 100, 10)]
    return compare_all(found, counted(found, rows).everyone)


def test_every_arm_is_compared_with_the_first_listed() -> None:
    found = compared(definition(orders(), arms=THREE_ARMS))
    assert list(found) == [("orders", "b"), ("orders", "c")]
    assert found["orders", "b"].fixed.value == pytest.approx(0.1)
    assert found["orders", "c"].fixed.value == 0
    assert found["orders", "b"].estimator == "plain"


def test_comparisons_are_made_at_the_experiments_alpha() -> None:
    strict = compared(definition(orders(), arms=THREE_ARMS, analysis={"alpha": 0.001}))["orders", "b"]
    usual = compared(definition(orders(), arms=THREE_ARMS))["orders", "b"]
    for one, other in ((strict.fixed, usual.fixed), (strict.always_valid, usual.always_valid)):
        assert one.interval is not None
        assert other.interval is not None
        assert one.interval[0] < other.interval[0]
    assert strict.fixed.p_value == usual.fixed.p_value == pytest.approx(0.0476, abs=0.0001)


def test_means_are_compared_as_means() -> None:
    found = definition(revenue())
    rows = [row(f"a{i}", "control", order(10 + i)) for i in range(5)]
    rows += [row(f"b{i}", "treatment", order(20 + i)) for i in range(5)]
    one = compare_all(found, counted(found, rows).everyone)["revenue", "treatment"]
    # Two samples of variance 2.5 and five units each: t = 10 / sqrt(1), on 8 degrees.
    assert (one.fixed.value, one.fixed.statistic, one.fixed.degrees) == pytest.approx((10, 10, 8))
    assert one.relative.value == pytest.approx(10 / 12)
    assert one.belief.chance_to_win == pytest.approx(1)


def test_a_looser_interval_holds_at_every_look() -> None:
    one = compared(definition(orders(), arms=THREE_ARMS))["orders", "b"]
    assert one.fixed.interval is not None
    assert one.always_valid.interval is not None
    assert one.always_valid.interval[0] < one.fixed.interval[0] < one.fixed.interval[1]
    assert one.always_valid.p_value is not None
    assert one.fixed.p_value is not None
    assert one.always_valid.p_value > one.fixed.p_value
    planned = compared(definition(orders(), arms=THREE_ARMS, analysis={"planned_units": 200}))["orders", "b"]
    assert planned.always_valid.interval is not None
    assert planned.always_valid.interval[0] > one.always_valid.interval[0]


def test_what_was_known_before_is_taken_out() -> None:
    found = definition(revenue(covariate_days=30))
    rows = []
    for side, lift in (("control", 0), ("treatment", 5)):
        for i in range(20):
            before, after = order(10 * i, -60), order(10 * i + lift + i % 2, 60)
            rows.append(row(f"{side}-{i}", side, before, after))
    one = compare_all(found, counted(found, rows).everyone)["revenue", "treatment"]
    assert one.estimator == "cuped"
    assert one.fixed.value == pytest.approx(5)
    assert one.fixed.error is not None
    assert one.fixed.error < 0.3


def test_ratios_are_compared_as_ratios_with_their_covariates_too() -> None:
    per_view: dict[str, Any] = {"kind": "ratio", "denominator": {"event": "page_viewed"}}
    found = definition(orders(**per_view), orders("adjusted", **per_view, covariate_days=7))
    views = ["page_viewed", 5, False, {}]
    rows = [row(f"a{i}", "control", order(), *[views] * (2 + i % 2)) for i in range(10)]
    rows += [row(f"b{i}", "treatment", order(), order(), *[views] * (2 + i % 2)) for i in range(10)]
    both = compare_all(found, counted(found, rows).everyone)
    assert both["orders", "treatment"].fixed.value == pytest.approx(20 / 25 - 10 / 25)
    assert both["orders", "treatment"].fixed.degrees is None
    assert both["adjusted", "treatment"].estimator == "cuped"


def test_a_metric_that_is_not_measured_is_not_compared() -> None:
    assert compared(definition(orders(kind="ratio"), arms=THREE_ARMS)) == {}


def test_without_units_nothing_has_a_figure() -> None:
    found = definition(orders(), revenue())
    for one in compare_all(found, counted(found, [row("a", at=LONG_AGO + DAY)]).everyone).values():
        assert one.fixed.value is None
        assert one.always_valid.p_value is None
        assert one.belief.chance_to_win is None
