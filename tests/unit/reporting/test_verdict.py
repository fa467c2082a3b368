from typing import Any

import pytest

from app.reporting.report import Verdict
from app.reporting.verdict import Evidence, judge
from app.stats.sample_ratio import SampleRatio
from tests.unit.reporting.counted import definition, fixed, orders


def verdict(evidence: dict[str, Any] | None = None, **experiment: Any) -> Verdict:
    usual = {
        "arms": {"control": 500, "treatment": 500},
        "complete": 400,
        "crossed": 0,
        "sample_ratio": SampleRatio(0.9),
        "significant": frozenset(),
    }
    return judge(definition(orders(), **experiment), Evidence(**{**usual, **(evidence or {})}))


def detail(found: Verdict, check: str) -> tuple[bool, str]:
    return next((c.ok, c.detail) for c in found.checks if c.check == check)


def test_sizes_that_chance_does_not_explain_break_an_experiment() -> None:
    found = verdict({"arms": {"control": 400, "treatment": 600}, "sample_ratio": SampleRatio(1e-9)})
    assert found.call == "broken"
    assert found.why == (
        "control has 400 where 500 were promised, treatment has 600 where 500 were promised"
        " (p = 1e-09, below 0.001)"
    )
    assert detail(found, "sample_ratio") == (False, found.why)


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


def test_without_units_there_is_nothing_to_say() -> None:
    nobody = {"arms": {"control": 0, "treatment": 0}, "complete": 0, "sample_ratio": SampleRatio(None)}
    found = verdict(nobody)
    assert (found.call, found.why) == ("keep_running", "no unit has been given an arm yet")
    assert detail(found, "sample_ratio") == (True, "no unit yet")
    assert all(check.ok for check in found.checks if check.check != "method")


def test_before_its_planned_size_an_experiment_runs_on() -> None:
    found = verdict(analysis=fixed(planned_units=1000))
    assert (found.call, found.why) == ("keep_running", "400 of 1000 planned units are complete")


def test_an_experiment_without_a_planned_size_runs_on() -> None:
    found = verdict()
    assert (found.call, found.why) == (
        "keep_running",
        "400 units are complete, and no number was planned",
    )


def test_at_its_planned_size_an_experiment_is_for_people_to_weigh() -> None:
    found = verdict({"significant": frozenset({("orders", "treatment")})}, analysis=fixed(planned_units=400))
    assert found.call == "inconclusive"
    assert found.why == (
        "all 400 planned units are complete; significantly different: treatment in orders;"
        " this version recommends no arm"
    )


def test_a_stopped_experiment_waits_for_its_windows() -> None:
    found = verdict(status="stopped")
    assert (found.call, found.why) == (
        "keep_running",
        "no more units come in, but some windows are still open",
    )


def test_a_stopped_experiment_whose_windows_have_closed_is_inconclusive_without_a_difference() -> None:
    found = verdict({"complete": 1000}, status="stopped")
    assert found.call == "inconclusive"
    assert found.why == (
        "no more units come in; no difference is called significant; this version recommends no arm"
    )


def test_open_windows_are_told_in_days() -> None:
    assert detail(verdict(), "units_complete") == (
        False,
        "400 of 1000 units have been observed for 14 days",
    )


def test_a_method_that_is_not_figured_is_admitted() -> None:
    told = "this version does not figure always_valid, so nothing is called significant"
    assert detail(verdict(), "method") == (False, told)
    assert detail(verdict(analysis=fixed()), "method")[0]


def test_no_arm_is_ever_recommended() -> None:
    significant = frozenset({("orders", "treatment")})
    for status in ("running", "stopped"):
        found = verdict({"complete": 1000, "significant": significant}, status=status, analysis=fixed())
        assert found.arm is None
        assert found.call in {"keep_running", "inconclusive"}
