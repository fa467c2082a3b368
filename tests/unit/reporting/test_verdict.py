import pytest

from app.reporting.pace import Pace
from app.reporting.verdict import judge
from app.stats.sample_ratio import SampleRatio
from tests.unit.reporting.counted import compare_all, counted, definition, fixed, order, orders, revenue, row
from tests.unit.reporting.judged import GUARD, WON, detail, evidence_of, verdict


def test_sizes_that_chance_does_not_explain_break_an_experiment() -> None:
    found = verdict({"arms": {"control": 400, "treatment": 600}, "sample_ratio": SampleRatio(1e-9)})
    assert found.call == "broken"
    assert found.why.startswith(
        "control has 400 where 500 were promised, treatment has 600 where 500 were promised"
        " (p = 1e-09, below 0.001): look for"
    )
    assert detail(found, "sample_ratio") == (False, found.why)


def test_an_alarm_that_holds_at_every_look_breaks_it_too() -> None:
    assert verdict({"always_valid_ratio": SampleRatio(0.0005)}).call == "broken"


@pytest.mark.parametrize(("crossed", "call"), [(10, "keep_running"), (11, "broken")])
def test_more_than_one_in_a_hundred_with_two_arms_break_an_experiment(crossed: int, call: str) -> None:
    found = verdict({"crossed": crossed})
    assert found.call == call
    told = f"{crossed} of 1000 units were given more than one arm (at most 1% may be)"
    assert detail(found, "crossed_units") == (call != "broken", told)


def test_everything_that_is_broken_is_said() -> None:
    assert "; 600 of 1000" in verdict({"crossed": 600, "sample_ratio": SampleRatio(0.0)}).why


def test_an_arm_that_was_promised_nothing_is_named() -> None:
    found = verdict({"arms": {"control": 1, "treatment": 1, "odd": 1}, "sample_ratio": SampleRatio(0.0)})
    assert "odd has 1 where 0 were promised" in found.why


def test_an_arm_that_hardly_anybody_was_shown_breaks_an_experiment() -> None:
    found = verdict({"exposed": {"control": 400, "treatment": 190}})
    assert found.call == "broken"
    assert found.why == (
        "control was shown to 80% of its units, treatment was shown to 38% of its units:"
        " look whether pages show treatment, and report it with $exposure"
    )
    assert verdict({"exposed": {"control": 400, "treatment": 210}}).call == "keep_running"
    few = {"assigned": {"control": 500, "treatment": 99}, "exposed": {"control": 500}}
    assert verdict(few).call == "keep_running"
    very_few = {"assigned": {"control": 99, "treatment": 99}, "exposed": {"control": 99}}
    assert detail(verdict(very_few), "exposures") == (True, "no arm has 100 units yet")
    assert detail(verdict(), "exposures") == (True, "no page reports what it shows")


def test_without_units_there_is_nothing_to_say() -> None:
    nobody = {"arms": {"control": 0, "treatment": 0}, "complete": 0, "sample_ratio": SampleRatio(None)}
    found = verdict(nobody)
    assert (found.call, found.why) == ("keep_running", "no unit has been given an arm yet")
    assert detail(found, "sample_ratio") == (True, "no unit yet")


def test_what_has_won_is_shipped_after_a_week() -> None:
    found = verdict({"significant": WON}, orders_of=(100, 200))
    assert (found.call, found.arm) == ("ship", "treatment")
    assert found.why.startswith("treatment is significantly better in orders: +100.0% (from +")
    early = verdict({"significant": WON, "pace": Pace(6.2, 100)}, orders_of=(100, 200))
    assert (early.call, early.arm) == ("keep_running", None)
    assert early.why == "treatment is ahead in orders; a week has to pass first: 1 day more"
    long = verdict({"significant": WON, "pace": Pace(4.9, 100)}, orders_of=(100, 200))
    assert long.why.endswith(": 3 days more")


def test_who_has_won_at_the_planned_size_within_a_week_waits_for_the_week() -> None:
    won = {"significant": WON, "pace": Pace(3, 100), "complete": 1000}
    found = verdict(won, orders_of=(100, 200), analysis=fixed(planned_units=1000))
    assert (found.call, found.why) == (
        "keep_running",
        "treatment is ahead in orders; a week has to pass first: 4 days more",
    )


def test_what_ran_for_less_than_a_week_is_never_shipped() -> None:
    won = {"significant": WON, "pace": Pace(3, 100), "complete": 1000}
    found = verdict(won, orders_of=(100, 200), status="stopped")
    assert (found.call, found.why) == (
        "inconclusive",
        "treatment is better in orders, but units came in for less than a week",
    )


def test_less_is_better_where_the_metric_says_so() -> None:
    found = definition(orders(direction="down"))
    assert judge(found, evidence_of(found, (200, 100), significant=WON)).call == "ship"
    assert judge(found, evidence_of(found, (100, 200), significant=WON)).call == "stop"


def test_where_every_arm_has_lost_it_is_stopped() -> None:
    found = verdict({"significant": WON}, orders_of=(200, 100))
    assert (found.call, found.why) == ("stop", "every arm is significantly worse than the baseline in orders")


def test_a_guardrail_that_is_breached_stops_whatever_has_won() -> None:
    harmed = {"significant": WON}
    found = verdict(harmed, orders_of=(400, 100), **GUARD)
    assert found.call == "stop"
    assert found.why.startswith("treatment loses more than 5.0% of guard (from -")
    assert not detail(found, "guardrail")[0]


@pytest.mark.parametrize(("value", "kept"), [(-8, "loses no more"), (-14, "loses more")])
def test_of_a_mean_below_zero_less_is_worse(value: float, kept: str) -> None:
    found = definition(orders(), revenue("guard"), **GUARD)
    rows = [row(f"a{i}", "control", order(-10 + i % 2)) for i in range(500)]
    rows += [row(f"b{i}", "treatment", order(value + i % 2)) for i in range(500)]
    judged = judge(found, evidence_of(found, compared=compare_all(found, counted(found, rows).everyone)))
    assert detail(judged, "guardrail")[1].startswith(f"treatment {kept} than 5.0% of guard")


def test_a_guardrail_that_may_still_be_breached_holds_up_the_winner() -> None:
    found = verdict({"significant": WON}, orders_of=(100, 101), **GUARD)
    assert found.call == "keep_running"
    assert found.why.startswith(
        "treatment is ahead in orders, but treatment may still lose more than 5.0% of guard"
    )
    over = verdict({"significant": WON, "complete": 1000}, orders_of=(100, 101), status="stopped", **GUARD)
    assert over.call == "inconclusive"
    assert over.why.startswith("treatment is better in orders, but")


def test_a_guardrail_that_holds_and_one_without_a_margin_are_no_hindrance() -> None:
    assert verdict({"significant": WON}, orders_of=(100, 300), **GUARD).call == "ship"
    loose = {"metrics": [{"metric": "guard", "role": "guardrail"}]}
    assert verdict({"significant": WON}, orders_of=(100, 101), **loose).call == "ship"


def test_at_its_planned_size_without_a_difference_it_is_inconclusive() -> None:
    found = verdict(analysis=fixed(planned_units=400))
    assert (found.call, found.why) == ("inconclusive", "no difference in orders is called significant")


def test_a_stopped_experiment_waits_for_its_windows() -> None:
    found = verdict(status="stopped")
    assert (found.call, found.why) == (
        "keep_running",
        "no more units come in, but some windows are still open",
    )
    assert verdict({"complete": 1000}, status="stopped").call == "inconclusive"


def test_without_a_primary_metric_there_is_nothing_to_judge_by() -> None:
    found = verdict(primary_metric=None)
    assert (found.call, found.why) == ("inconclusive", "there is no primary metric to judge by")


def test_a_fixed_test_that_was_stopped_early_says_so() -> None:
    found = verdict({"complete": 1000}, status="stopped", analysis=fixed(planned_units=2000))
    assert found.call == "inconclusive"
    assert found.why == (
        "it was stopped at 1,000 of 2,000 planned visitors, and a test at a fixed size calls nothing on fewer"
    )


def test_arms_that_are_the_same_are_to_come_out_the_same() -> None:
    sound = verdict(kind="aa")
    assert (sound.call, sound.why) == (
        "keep_running",
        "all arms are the same, and so is orders, as it should be",
    )
    assert verdict({"complete": 1000}, kind="aa", status="stopped").call == "inconclusive"
    found = verdict({"significant": WON}, orders_of=(100, 200), kind="aa")
    assert (found.call, found.arm) == ("broken", None)
    assert "yet orders differs" in found.why
