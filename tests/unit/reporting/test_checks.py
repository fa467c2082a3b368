from typing import Any

import pytest

from app.reporting.pace import Pace
from tests.unit.reporting.counted import fixed
from tests.unit.reporting.judged import GUARD, WON, detail, verdict

SPENDING = {"method": "group_sequential", "planned_units": 2000}


def test_open_windows_are_told_in_days() -> None:
    told = "400 of 1000 units have been observed for 14 days"
    assert detail(verdict(), "units_complete") == (False, told)


@pytest.mark.parametrize(("days", "ok"), [(6.9, False), (7, True)])
def test_a_week_has_to_pass(days: float, ok: bool) -> None:  # noqa: FBT001 - a parameter of the test
    told = f"units have come in for {days:.1f} days after the first (at least 7 have to pass)"
    assert detail(verdict({"pace": Pace(days, 1)}), "a_week") == (ok, told)


@pytest.mark.parametrize(
    ("analysis", "told"),
    [
        ({}, (True, "confidence sequences hold however often one looks")),
        (fixed(), (False, "fixed without planned_units calls nothing while the experiment runs")),
        (
            fixed(planned_units=9000),
            (True, "tested once, when all planned units are complete: 400 of 9,000"),
        ),
        (
            {"method": "group_sequential"},
            (False, "group_sequential without planned_units calls nothing while the experiment runs"),
        ),
        (
            {"method": "bayesian", "planned_units": 9},
            (True, "believed once all planned units are complete: 9 of 9"),
        ),
    ],
)
def test_a_method_says_what_it_needs_and_how_far_that_is(
    analysis: dict[str, Any], told: tuple[bool, str]
) -> None:
    assert detail(verdict(analysis=analysis), "method") == told


def test_what_of_alpha_is_spent_is_told_look_by_look() -> None:
    first = verdict(analysis=SPENDING)
    assert detail(first, "method")[1].endswith(": none of 0.05 yet")
    # 4(1 - Φ(2.2414/√0.5)): O'Brien and Fleming's spending at half of the information.
    half = verdict({"looks": [500, 1000]}, analysis=SPENDING)
    assert detail(half, "method") == (
        True,
        "alpha is spent by and by, one look a day: 0.0031 of 0.05 at look 2, with 50% of the planned units",
    )
    whole = verdict({"looks": [2500]}, analysis=SPENDING)
    assert "0.05 of 0.05 at look 1, with 100%" in detail(whole, "method")[1]


def test_a_fixed_test_holds_its_guardrails_once_at_its_planned_size() -> None:
    # Four in a hundred are lost: within 15 % by a test made once, and not by one made at every look.
    plan = {"analysis": fixed(planned_units=2000), "metrics": [{**GUARD["metrics"][0], "margin": 0.15}]}
    before = verdict({"significant": WON, "complete": 1999}, orders_of=(500, 480), **plan)
    after = verdict({"significant": WON, "complete": 2000}, orders_of=(500, 480), **plan)
    assert detail(before, "guardrail")[1].startswith("treatment may still lose more than 15.0% of guard")
    assert detail(after, "guardrail")[1].startswith("treatment loses no more than 15.0% of guard")
