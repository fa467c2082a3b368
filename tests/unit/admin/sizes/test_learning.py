"""How many units a test needs to learn anything."""

from math import ceil
from typing import Any

import pytest

from app.admin.sizes.learning import Need, needs_by_segment, units_needed
from tests.builders import arm, delivering, experiment, parsed, rule, segment

METRICS = [
    {"key": "orders", "event": "ordered"},
    {"key": "revenue", "event": "ordered", "kind": "mean", "property": "value"},
]


def need_of(analysis: dict[str, Any], **fields: Any) -> Need:
    """What the segment `vip` needs where an experiment that is analysed so addresses it."""
    judged = experiment(analysis=analysis, primary_metric="orders", **fields)
    aimed = delivering("hero-copy", audience={"segments": ["vip"]})
    document = parsed(segments=[segment("vip", {})], metrics=METRICS, experiments=[judged], rules=[aimed])
    return needs_by_segment(document)["vip"]


@pytest.mark.parametrize(
    ("difference", "alpha", "in_each"),
    [
        # As statsmodels' NormalIndPower answers, the difference in standard deviations of a half.
        (0.02, 0.05, 9811.0756),
        (0.05, 0.05, 1569.7721),
        (0.1, 0.01, 583.9484),
    ],
)
def test_the_units_are_those_of_the_usual_power_calculation(
    difference: float, alpha: float, in_each: float
) -> None:
    assert units_needed(difference, alpha=alpha) == 2 * ceil(in_each)


def test_a_segment_that_no_experiment_addresses_needs_what_the_default_says() -> None:
    need = needs_by_segment(parsed(segments=[segment("vip", {})]))["vip"]

    assert (need.units, need.experiment) == (units_needed(0.05), None)
    assert "0.05" in need.rule
    assert "80%" in need.rule


def test_a_segment_needs_what_its_experiment_plans() -> None:
    assert need_of({"planned_units": 123}).units == 123


def test_a_segment_needs_what_shows_the_difference_that_its_experiment_is_after() -> None:
    three = [arm("a"), arm("b"), arm("c")]

    need = need_of({"mde": 0.02, "alpha": 0.01}, arms=three)

    assert need.experiment == "hero-copy"
    assert need.units == units_needed(0.02, arms=3, alpha=0.01)


@pytest.mark.parametrize("fields", [{}, {"primary_metric": "revenue"}])
def test_an_experiment_that_says_nothing_of_a_share_needs_the_default(fields: dict[str, Any]) -> None:
    analysis = {"mde": 3.0} if fields else {}
    judged = {**experiment(analysis=analysis), **fields}
    document = parsed(
        segments=[segment("vip", {})],
        metrics=METRICS,
        experiments=[judged],
        rules=[delivering("hero-copy", audience={"segments": ["vip"]})],
    )

    assert needs_by_segment(document)["vip"].experiment is None


def test_an_experiment_for_everybody_says_nothing_of_a_segment() -> None:
    document = parsed(
        segments=[segment("vip", {})],
        experiments=[experiment(analysis={"planned_units": 9})],
        rules=[delivering("hero-copy"), rule("sale", audience={"segments": ["vip"]})],
    )

    assert needs_by_segment(document)["vip"].experiment is None


def test_of_two_experiments_the_one_that_needs_less_counts() -> None:
    document = parsed(
        segments=[segment("vip", {})],
        experiments=[experiment(key, analysis={"planned_units": n}) for key, n in (("a", 90), ("b", 40))],
        rules=[delivering(key, audience={"segments": ["vip"]}) for key in ("a", "b")],
    )

    assert needs_by_segment(document)["vip"].units == 40
