from app.kit.steps import finished
from app.reporting.counting import counting
from app.reporting.question import CutBy, Population, Question
from app.stats.joint import JointAggregate
from tests.builders import DAY, NOW
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
)


def test_every_unit_is_counted_once_with_its_values() -> None:
    found = counted(
        definition(orders(), revenue()),
        [row("a", "control", order(10), order(5)), row("b", "treatment"), row("c", "control", order(1))],
    )
    assert found.everyone.arms == {"control": 2, "treatment": 1}
    assert found.everyone.joints_of("orders")["control"] == JointAggregate(2, (2,), ((2,),))
    assert found.everyone.joints_of("revenue")["control"] == JointAggregate(2, (16,), ((226,),))
    assert found.everyone.joints_of("revenue")["treatment"] == JointAggregate(1, (0,), ((0,),))


def test_the_rows_of_one_unit_are_one_unit() -> None:
    found = counted(
        definition(orders(), revenue()),
        [row("a", "control", order(10)), row("a", "control", order(5)), row("b", "control")],
    )
    assert found.everyone.units == 2
    assert found.everyone.joints_of("orders")["control"] == JointAggregate(2, (1,), ((1,),))
    assert found.everyone.joints_of("revenue")["control"] == JointAggregate(2, (15,), ((225,),))


def test_nobody_is_counted_where_nobody_is() -> None:
    assert counted(definition(orders()), []).everyone.units == 0


def test_a_unit_is_complete_once_its_first_day_is_over_and_its_longest_window_since() -> None:
    midnight = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
    just_closed, still_open = midnight - 14 * DAY - DAY / 86_400, midnight - 14 * DAY
    found = counted(
        definition(orders(window_days=1), revenue()),
        [row("a", at=just_closed), row("b", at=still_open)],
    )
    assert (found.everyone.units, found.complete.units) == (2, 1)


def test_without_metrics_everybody_is_complete() -> None:
    assert counted(definition(), [row("a", at=NOW - DAY)]).complete.units == 1


def test_crossed_units_are_counted() -> None:
    assert counted(definition(), [row("a", crossed=True), row("b")]).everyone.crossed == 1


def test_a_unit_counts_in_each_of_its_cuts_once() -> None:
    found = counted(
        definition(orders()),
        [row("a", "control", order(), cuts=["new", "mobile", "new"]), row("b", "treatment", cuts=["mobile"])],
    )
    assert {value: tally.arms for value, tally in found.cuts.items()} == {
        "new": {"control": 1, "treatment": 0},
        "mobile": {"control": 1, "treatment": 1},
    }
    assert found.cuts["mobile"].joints_of("orders")["control"] == JointAggregate(1, (1,), ((1,),))


def test_a_unit_of_whom_a_cut_is_not_known_has_a_cut_without_a_value() -> None:
    assert list(counted(definition(), [row("a")], by=CutBy.DEVICE).cuts) == [None]


def test_without_a_cut_there_are_none() -> None:
    assert counted(definition(), [row("a", cuts=["new"])], by=None).cuts == {}


def test_days_add_up() -> None:
    rows = [row("a", at=LONG_AGO), row("b", "treatment", at=LONG_AGO), row("c", at=LONG_AGO + DAY)]
    found = counted(definition(), rows, by=CutBy.DAY)
    assert [tally.arms for tally in found.cuts.values()] == [
        {"control": 1, "treatment": 1},
        {"control": 2, "treatment": 1},
    ]


def test_units_of_another_phase_are_not_counted() -> None:
    assert counted(definition(), [row("a"), row("b", phase=2)]).everyone.units == 1


def test_only_units_that_were_shown_it_are_exposed() -> None:
    rows = sums(definition(), [row("a", exposed=True), row("b")]).by_cell.items()
    question = Question(site_id=1, experiment="hero-copy", population=Population.EXPOSED)
    assert finished(counting(definition(), question, rows, NOW)).everyone.units == 1


def test_a_verdict_rests_on_the_first_days_that_have_as_many_units_as_were_planned() -> None:
    rows = [row(f"u{i}", at=LONG_AGO + i * DAY) for i in range(5)]
    planned = definition(analysis=fixed(planned_units=3))
    assert counted(planned, rows).judged.units == 3
    assert counted(planned, rows).complete.units == 5
    assert counted(definition(analysis={"planned_units": 3}), rows).judged.units == 5
    assert counted(definition(analysis=fixed(planned_units=9)), rows).judged.units == 5


def test_all_units_of_a_day_are_judged_together() -> None:
    rows = [row(f"u{i:02}", at=LONG_AGO + i // 4 * DAY) for i in range(12)]
    assert counted(definition(analysis=fixed(planned_units=5)), rows).judged.units == 8


def test_looks_are_the_complete_units_at_the_end_of_each_day() -> None:
    rows = [row("a", at=LONG_AGO), row("b", at=LONG_AGO + DAY), row("c", at=NOW)]
    assert counted(definition(), rows).looks == [1, 2]
