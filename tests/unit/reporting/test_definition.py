from typing import Any

from app.reporting.definition import Definition, define
from tests.builders import DAY, arm, experiment, parsed
from tests.unit.reporting.counted import definition, orders, revenue


def holdout(percent: float, *metrics: str) -> Definition | None:
    document = parsed(
        metrics=[orders(), revenue()], holdout={"percent": percent, "metrics": list(metrics), "salt": "s"}
    )
    return define(document, "$holdout")


def roles(found: Definition) -> dict[str, str]:
    return {plan.key: plan.role for plan in found.metrics}


def test_an_experiment_that_no_document_names_is_not_found() -> None:
    assert define(parsed(), "hero-copy") is None


def test_shares_are_the_buckets_that_units_really_fall_into() -> None:
    arms = [arm("a"), arm("b"), arm("c"), arm("none", weight=0)]
    assert definition(arms=arms).shares == {"a": 3333, "b": 3333, "c": 3334, "none": 0}


def test_users_are_the_units_where_the_experiment_or_the_holdout_says_so() -> None:
    assert [definition(unit=unit).by_user for unit in ("visitor", "user")] == [False, True]
    held = define(parsed(holdout={"percent": 5, "salt": "s", "unit": "user"}), "$holdout")
    assert held is not None
    assert held.by_user


def test_the_arms_placements_are_those_on_which_an_exposure_counts() -> None:
    arms = [arm("a"), arm("b", variants={"home.banner": None, "home.hero": "offer"})]
    assert definition(arms=arms).placements == ["home.banner", "home.hero"]


def test_the_primary_metric_comes_first_and_each_metric_once() -> None:
    uses: list[dict[str, Any]] = [{"metric": "revenue", "role": "guardrail"}, {"metric": "orders"}]
    found = definition(orders(), revenue(), metrics=uses)
    assert list(roles(found).items()) == [("orders", "primary"), ("revenue", "guardrail")]


def test_without_a_primary_metric_the_others_keep_their_roles() -> None:
    found = definition(orders(), primary_metric=None, metrics=[{"metric": "orders"}])
    assert roles(found) == {"orders": "secondary"}


def test_the_window_is_the_longest_of_all_metrics_that_are_measured() -> None:
    found = definition(orders(window_days=3), orders("rate", kind="ratio", window_days=30))
    assert found.window == 3 * DAY
    assert list(found.measures) == ["orders"]


def test_an_experiment_without_metrics_has_no_window() -> None:
    assert not definition().window


def test_a_metric_that_is_not_measured_says_why() -> None:
    (plan,) = definition(orders(kind="ratio")).metrics
    assert plan.measure is None
    assert plan.note == "a ratio needs a denominator, and this metric names none"


def test_a_guardrail_has_its_margin() -> None:
    uses = [{"metric": "revenue", "role": "guardrail", "margin": 0.02}]
    found = definition(orders(), revenue(direction="down"), metrics=uses)
    assert [(plan.role, plan.margin, plan.better) for plan in found.metrics] == [
        ("primary", None, "up"),
        ("guardrail", 0.02, "down"),
    ]


def test_running_experiments_have_not_ended_and_stopped_ones_have() -> None:
    assert not definition(status="running").ended
    assert definition(status="stopped").ended
    assert definition(status="archived").ended


def test_the_phase_is_that_of_the_document() -> None:
    assert definition(phase=3).phase == 3


def test_the_holdout_is_an_experiment_of_its_two_sides() -> None:
    found = holdout(5, "revenue", "orders")
    assert found is not None
    assert found.shares == {"generic": 500, "personalized": 9500}
    assert list(roles(found).items()) == [("revenue", "primary"), ("orders", "secondary")]
    assert (found.phase, found.placements, found.ended) == (1, None, False)


def test_everybody_can_be_held_out() -> None:
    found = holdout(100)
    assert found is not None
    assert found.shares == {"generic": 10_000, "personalized": 0}


def test_a_holdout_of_nobody_is_no_experiment() -> None:
    assert holdout(0, "orders") is None


def test_a_metric_of_the_holdout_that_is_not_there_is_said_to_be_missing() -> None:
    found = holdout(5, "profit")
    assert found is not None
    assert [(plan.metric, plan.note) for plan in found.metrics] == [(None, "there is no metric 'profit'")]


def test_one_experiment_is_found_among_many() -> None:
    found = define(parsed(experiments=[experiment("a"), experiment("b", phase=2)]), "b")
    assert found is not None
    assert (found.key, found.phase) == ("b", 2)
