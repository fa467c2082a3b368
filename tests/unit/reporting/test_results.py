from typing import Any

import msgspec
import pytest

from app.kit.steps import finished
from app.reporting.counting import counting
from app.reporting.definition import Definition
from app.reporting.facts import UnitRow
from app.reporting.question import CutBy, Population, Question
from app.reporting.report import ArmFigures, ArmUnits, MetricReport, Results
from app.reporting.results import CUTS_LISTED, assembling
from tests.builders import DAY, NOW, arm
from tests.unit.reporting.counted import (
    LONG_AGO,
    counted,
    definition,
    fixed,
    order,
    orders,
    revenue,
    row,
    sums,
    units,
)


def results(found: Definition, rows: list[UnitRow], **asked: Any) -> Results:
    question = Question(site_id=1, experiment=found.key, **asked)
    return finished(assembling(found, counted(found, rows), question, NOW))


def metric(found: Results, key: str) -> MetricReport:
    return next(metric for metric in found.metrics if metric.metric == key)


def clear_winner(**fields: Any) -> list[UnitRow]:
    return [*units("control", 100, 10, **fields), *units("treatment", 100, 40, **fields)]


def test_the_head_says_what_was_asked_and_of_how_many() -> None:
    rows = [row("a", crossed=True, phase=2), row("b", "treatment", at=NOW, phase=2)]
    found = results(definition(orders(), phase=2), rows, population=Population.EXPOSED)
    assert (found.experiment, found.as_of, found.phase) == ("hero-copy", NOW, 2)
    assert found.population is Population.EXPOSED
    assert (found.units, found.units_complete, found.crossed_units) == (2, 1, 1)


def test_arms_are_listed_with_units_and_promised_shares() -> None:
    found = results(definition(arms=[arm("a", weight=3), arm("b")]), [row("x", "a"), row("y", "odd")])
    assert found.arms == [ArmUnits("a", 1, 0.75), ArmUnits("b", 0, 0.25), ArmUnits("odd", 1, 0)]
    assert found.sample_ratio.p_value == 0
    assert found.verdict.call == "broken"


def test_every_arm_has_its_figures_also_one_without_units() -> None:
    found = results(definition(revenue()), [row("a", "control", order(4)), row("b", "control", order(6))])
    assert metric(found, "revenue").arms == [
        ArmFigures("control", 2, 10, 52, 5),
        ArmFigures("treatment", 0, 0, 0, None),
    ]
    (comparison,) = metric(found, "revenue").comparisons
    assert (comparison.difference, comparison.p_value, comparison.significant) == (None, None, False)


def test_a_units_numbers_add_up_as_people_write_them() -> None:
    told = results(definition(revenue()), [row("a", "control", order(0.1), order(0.2), order(1e-300))])
    (control, _) = metric(told, "revenue").arms
    assert (control.sum, control.sum_of_squares) == (0.3, 0.09)


def test_a_comparison_says_everything() -> None:
    (comparison,) = metric(results(definition(orders()), clear_winner()), "orders").comparisons
    assert (comparison.arm, comparison.baseline, comparison.estimator) == ("treatment", "control", "plain")
    assert comparison.difference == pytest.approx(0.3)
    assert comparison.relative == pytest.approx(3)
    assert comparison.interval is not None
    assert comparison.interval == pytest.approx((0.1874086, 0.4125914), abs=1e-7)
    assert comparison.p_value == comparison.adjusted_p_value == pytest.approx(9.634e-7, rel=1e-3)
    assert comparison.always_valid.p_value == pytest.approx(0.0429, abs=1e-4)
    assert comparison.always_valid.interval is not None
    assert comparison.always_valid.interval[0] < comparison.interval[0]
    assert comparison.relative_interval is not None


def test_nothing_is_shipped_for_a_small_arm_in_which_nobody_has_converted_yet() -> None:
    found = definition(orders(), arms=[arm("control", weight=1), arm("treatment", weight=99)])
    told = results(found, [*units("control", 5, 0), *units("treatment", 495, 25)])
    (comparison,) = metric(told, "orders").comparisons
    assert (told.verdict.call, comparison.significant, comparison.always_valid.p_value) == (
        "keep_running",
        False,
        1,
    )
    assert comparison.interval is not None
    assert comparison.interval[0] < 0 < comparison.interval[1]
    assert comparison.chance_to_win == pytest.approx(0.697, abs=0.001)


def test_chance_and_loss_are_those_of_the_better_direction() -> None:
    more = metric(results(definition(orders()), clear_winner()), "orders").comparisons[0]
    less = metric(results(definition(orders(direction="down")), clear_winner()), "orders").comparisons[0]
    assert more.chance_to_win is not None
    assert more.chance_to_win > 0.99
    assert less.chance_to_win == pytest.approx(1 - more.chance_to_win)
    assert more.expected_loss == pytest.approx(0, abs=1e-6)
    assert less.expected_loss == pytest.approx(0.3, abs=1e-6)


def test_the_mean_of_a_ratio_is_one_sum_by_the_other() -> None:
    per_view = definition(orders(kind="ratio", denominator={"event": "page_viewed"}))
    views = [["page_viewed", 5, False, {}]] * 4
    control, treatment = metric(results(per_view, [row("a", "control", order(), *views)]), "orders").arms
    assert (control.mean, treatment.mean) == (0.25, None)


def test_a_metric_that_is_not_measured_is_listed_with_the_reason() -> None:
    found = metric(results(definition(orders(kind="ratio")), [row("a")]), "orders")
    assert (found.kind, found.arms, found.comparisons) == ("ratio", [], [])
    assert found.note == "a ratio needs a denominator, and this metric names none"


def test_p_values_are_adjusted_over_all_metrics_of_the_experiment() -> None:
    found = results(definition(orders(), orders("again")), clear_winner())
    for key in ("orders", "again"):
        (comparison,) = metric(found, key).comparisons
        assert comparison.p_value is not None
        assert comparison.adjusted_p_value == pytest.approx(2 * comparison.p_value)


def test_a_fixed_test_rests_on_complete_units_alone() -> None:
    judged = definition(orders(), analysis=fixed(planned_units=200))
    assert metric(results(judged, clear_winner()), "orders").comparisons[0].significant
    early = metric(results(judged, clear_winner(at=NOW)), "orders").comparisons[0]
    assert early.p_value is not None
    assert early.p_value < 0.001
    assert not early.significant


def test_comparisons_can_be_asked_of_complete_units_alone() -> None:
    rows = [*clear_winner(), *[row(f"late-{i}", "treatment", at=NOW) for i in range(300)]]
    everyone = metric(results(definition(orders()), rows), "orders")
    complete = metric(results(definition(orders()), rows, complete=True), "orders")
    assert everyone.arms == complete.arms
    assert everyone.comparisons[0].difference == pytest.approx(0)
    assert complete.comparisons[0].difference == pytest.approx(0.3)


def test_cuts_have_the_same_figures_but_decide_nothing() -> None:
    judged = definition(orders(), analysis=fixed())
    rows = [*clear_winner(cuts=["mobile"]), row("x", cuts=[None])]
    found = results(judged, rows, by=CutBy.DEVICE)
    mobile, unknown = found.cuts
    assert (mobile.by, mobile.value, mobile.units) == (CutBy.DEVICE, "mobile", 200)
    assert mobile.sample_ratio.p_value == 1
    assert (unknown.value, unknown.units) == (None, 1)
    (comparison,) = mobile.metrics[0].comparisons
    assert comparison.p_value is not None
    assert comparison.p_value < 0.001
    assert comparison.adjusted_p_value is None
    assert not comparison.significant


def test_cuts_stand_in_the_order_of_their_values_and_the_unknown_one_last() -> None:
    rows = [row("a", cuts=[None]), row("b", cuts=["b"]), row("c", cuts=["b"]), row("d", cuts=["a"])]
    assert [c.value for c in results(definition(), rows, by=CutBy.STAGE).cuts] == ["a", "b", None]


def test_only_the_largest_cuts_are_listed() -> None:
    rows = [row(f"u{i}", cuts=[f"{i:04}"]) for i in range(CUTS_LISTED + 5)]
    rows += [row("more", cuts=["9999"]), row("most", cuts=["9999"])]
    listed = [c.value for c in results(definition(), rows, by=CutBy.COUNTRY).cuts]
    assert len(listed) == CUTS_LISTED
    assert results(definition(), rows, by=CutBy.COUNTRY).cuts_left_out == 6
    assert listed[-1] == "9999"


def test_without_a_question_for_cuts_there_are_none() -> None:
    assert results(definition(), [row("a")]).cuts == []


def test_events_in_other_currencies_are_told_apart() -> None:
    def paid(value: float, currency: str | None) -> list[Any]:
        return ["order_completed", 60, False, {"value": value, "currency": currency}]

    rows = [
        row("a", "control", paid(5, "EUR"), paid(7, "USD"), paid(8, "USD"), cuts=["new"]),
        row("b", "treatment", paid(9, None)),
    ]
    euros = definition(revenue(where={"properties.currency": "EUR"}), orders())
    found = results(euros, rows, by=CutBy.SEGMENT)
    assert [(arm.sum, arm.other_currencies) for arm in metric(found, "revenue").arms] == [(5, 2), (0, 1)]
    assert metric(found, "revenue").note == "not counted: 3 events in other currencies"
    assert [arm.other_currencies for arm in metric(found, "orders").arms] == [None, None]
    assert found.cuts[0].metrics[0].note == "not counted: 2 events in other currencies"
    assert [each.metric for each in found.metrics] == ["revenue", "orders"]


def test_a_fixed_test_is_made_of_the_units_that_were_planned_and_no_later_ones() -> None:
    # Only the later ones differ.
    rows = [*units("control", 100, 10), *units("treatment", 100, 10)]
    later = [*units("control", 300, 10), *units("treatment", 300, 200)]
    rows += [msgspec.structs.replace(row, unit=f"later-{row.unit}", first_at=LONG_AGO + DAY) for row in later]
    once = metric(results(definition(orders(), analysis=fixed(planned_units=200)), rows), "orders")
    assert not once.comparisons[0].significant
    assert once.comparisons[0].p_value is not None
    assert once.comparisons[0].p_value < 0.001
    more = metric(results(definition(orders(), analysis=fixed(planned_units=800)), rows), "orders")
    assert more.comparisons[0].significant


def test_an_arm_that_hardly_anybody_was_shown_is_found_also_among_those_who_were() -> None:
    rows = [row(f"c{i}", "control", exposed=True) for i in range(120)]
    rows += [row(f"t{i}", "treatment", exposed=i < 40) for i in range(120)]
    question = Question(site_id=1, experiment="hero-copy", population=Population.EXPOSED)
    found = definition(orders())
    cells = sums(found, rows).by_cell.items()
    verdict = finished(
        assembling(found, finished(counting(found, question, cells, NOW)), question, NOW)
    ).verdict
    check = next(check for check in verdict.checks if check.check == "exposures")
    assert not check.ok
    assert check.detail.startswith("control was shown to 100% of its units, treatment was shown to 33%")
