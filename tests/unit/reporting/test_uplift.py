from typing import Any

from app.reporting.definition import Definition, define
from app.reporting.report import Uplift
from app.reporting.uplift import change_of, uplifts_of
from app.reporting.verdict import judge
from tests.builders import parsed
from tests.unit.reporting.counted import compare_all, counted, definition, fixed, order, orders, revenue, row
from tests.unit.reporting.judged import compared, evidence_of, verdict


def holdout(*metrics: dict[str, Any], **fields: Any) -> Definition:
    keys = [metric["key"] for metric in metrics]
    document = parsed(
        metrics=list(metrics), holdout={"percent": 50, "salt": "s", "metrics": keys, **fields}, experiments=[]
    )
    found = define(document, "$holdout")
    assert found is not None
    return found


def uplifts(found: Definition, one: int, other: int) -> list[Uplift]:
    arms = {"generic": 1000, "personalized": 1000}
    return uplifts_of(found, compared(found, one, other), arms) or []


def test_only_the_holdout_tells_what_personalization_is_worth() -> None:
    found = definition(orders())
    assert uplifts_of(found, compared(found, 100, 200), {}) is None


def test_personalization_is_worth_something_to_each_visitor_and_to_all() -> None:
    (found,) = uplifts(holdout(orders()), 100, 200)
    assert found.per_unit is not None
    assert (found.metric, round(found.per_unit, 9), found.total) == ("orders", 0.1, 100)
    assert found.interval is not None
    assert found.total_interval == (1000 * found.interval[0], 1000 * found.interval[1])
    assert found.said.startswith("personalization brings 0.1 more orders per visitor (from +0.0")
    assert found.said.endswith(", +100.0%")


def test_less_is_said_to_be_less() -> None:
    (found,) = uplifts(holdout(orders(), unit="user"), 300, 100)
    assert found.said.startswith("personalization brings 0.2 less orders per user (from -")


def test_what_may_be_nothing_is_said_so() -> None:
    (found,) = uplifts(holdout(orders()), 100, 101)
    assert found.said.startswith(
        "personalization may change nothing in orders: +0.001 per visitor (from -0.0"
    )


def test_of_nobody_nothing_can_be_told() -> None:
    found = holdout(revenue())
    (told,) = uplifts_of(found, compare_all(found, counted(found, [row("a", "generic")]).everyone), {}) or []
    assert (told.per_unit, told.total, told.total_interval) == (None, None, None)
    assert told.said == "too few visitors are there to tell what personalization brings in revenue"


def test_a_ratio_does_not_add_up_over_visitors() -> None:
    found = holdout(orders("per", kind="ratio", property="value", denominator={"event": "order_completed"}))
    rows = [
        row(f"{arm}{i}", arm, order(10 + i))
        for arm in ("generic", "personalized")
        for i in range(3 if arm == "generic" else 4)
    ]
    compared_ = compare_all(found, counted(found, rows).everyone)
    (told,) = uplifts_of(found, compared_, {"personalized": 4}) or []
    assert told.per_unit == 0.5
    assert (told.total, told.total_interval) == (None, None)
    assert "per visitor" not in told.said


def test_the_verdict_of_the_holdout_says_what_personalization_is_worth() -> None:
    found = holdout(orders())
    won = frozenset({("orders", "personalized")})
    shipped = judge(found, evidence_of(found, (100, 200), significant=won))
    assert (shipped.call, shipped.arm) == ("ship", "personalized")
    assert shipped.why.startswith("personalization brings 0.1 more orders per visitor (")
    assert judge(found, evidence_of(found, (200, 100), significant=won)).call == "stop"
    going_on = judge(found, evidence_of(found))
    assert going_on.call == "keep_running"
    assert going_on.why.endswith("; 400 of 1,000 visitors are complete, and nothing is significant yet")


def test_a_holdout_without_metrics_says_what_is_missing() -> None:
    found = holdout()
    told = judge(found, evidence_of(found))
    assert told.call == "inconclusive"
    assert told.why.endswith("name what personalization is for in the holdout's `metrics`")


def test_a_change_is_told_by_the_interval_that_the_method_holds() -> None:
    always, once = definition(orders()), definition(orders(), analysis=fixed())
    wide, narrow = (change_of(d, compared(d, 100, 200)["orders", "treatment"]) for d in (always, once))
    assert wide.startswith(": +100.0% (from +")
    assert narrow.startswith(": +100.0% (from +")
    assert wide != narrow
    assert change_of(always, compared(always, 0, 200)["orders", "treatment"]) == ""


def test_other_verdicts_say_nothing_of_personalization() -> None:
    assert "personalization" not in verdict().why
