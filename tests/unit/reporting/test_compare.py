import pytest

from app.engine.model import Analysis
from app.reporting.compare import adjust, compare_all, significant_of
from app.reporting.definition import Definition
from app.stats.difference import Difference
from tests.builders import arm
from tests.unit.reporting.counted import counted, definition, order, orders, revenue, row, units

THREE_ARMS = [arm("control"), arm("b"), arm("c")]
FOUND = {("m", arm): Difference(p_value=p) for arm, p in (("b", 0.01), ("c", 0.04), ("d", None))}


def compared(found: Definition) -> dict[tuple[str, str], Difference]:
    rows = [*units("control", 100, 10), *units("b", 100, 20), *units("c", 100, 10)]
    return compare_all(found, counted(found, rows).everyone)


def test_every_arm_is_compared_with_the_first_listed() -> None:
    differences = compared(definition(orders(), arms=THREE_ARMS))
    assert list(differences) == [("orders", "b"), ("orders", "c")]
    assert differences["orders", "b"].absolute == pytest.approx(0.1)
    assert differences["orders", "c"].absolute == 0


def test_conversions_are_tested_at_the_experiments_alpha() -> None:
    strict = compared(definition(orders(), arms=THREE_ARMS, analysis={"alpha": 0.001}))["orders", "b"]
    usual = compared(definition(orders(), arms=THREE_ARMS))["orders", "b"]
    assert usual.interval is not None
    assert strict.interval is not None
    assert strict.interval[0] < usual.interval[0]
    assert strict.p_value == usual.p_value == pytest.approx(0.0476, abs=0.0001)


def test_other_kinds_are_subtracted_and_not_tested() -> None:
    found = definition(revenue(), orders("count", kind="count"))
    rows = [row("a", "control", order(10)), row("b", "treatment", order(10), order(20))]
    differences = compare_all(found, counted(found, rows).everyone)
    assert differences == {
        ("revenue", "treatment"): Difference(absolute=20, relative=2),
        ("count", "treatment"): Difference(absolute=1, relative=1),
    }


def test_a_metric_that_is_not_measured_is_not_compared() -> None:
    assert compared(definition(orders(kind="ratio"), arms=THREE_ARMS)) == {}


@pytest.mark.parametrize(
    ("correction", "adjusted"),
    [("none", [0.01, 0.04]), ("holm", [0.02, 0.04]), ("benjamini_hochberg", [0.02, 0.04])],
)
def test_p_values_are_adjusted_as_the_experiment_says(correction: str, adjusted: list[float]) -> None:
    analysis = Analysis(correction=correction)  # type: ignore[arg-type] # one of the known corrections
    assert adjust(FOUND, analysis) == {("m", "b"): adjusted[0], ("m", "c"): adjusted[1]}


def test_where_nothing_was_tested_nothing_is_adjusted() -> None:
    assert adjust({("m", "b"): Difference(absolute=1)}, Analysis()) == {}


def test_a_fixed_test_calls_what_lies_below_alpha() -> None:
    adjusted = {("m", "b"): 0.049, ("m", "c"): 0.05}
    assert significant_of(adjusted, Analysis(method="fixed"), 100) == {("m", "b")}


def test_a_fixed_test_calls_nothing_before_its_planned_size() -> None:
    analysis = Analysis(method="fixed", planned_units=100)
    assert significant_of({("m", "b"): 0.001}, analysis, 99) == frozenset()
    assert significant_of({("m", "b"): 0.001}, analysis, 100) == {("m", "b")}


@pytest.mark.parametrize("method", ["always_valid", "group_sequential", "bayesian"])
def test_other_methods_call_nothing(method: str) -> None:
    analysis = Analysis(method=method)  # type: ignore[arg-type] # one of the known methods
    assert significant_of({("m", "b"): 0.0}, analysis, 10**6) == frozenset()
