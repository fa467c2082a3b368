from app.stats.aggregates import Aggregate
from app.stats.difference import Difference, difference_of


def test_the_difference_is_treatment_minus_control() -> None:
    assert difference_of(Aggregate(4, 8, 20), Aggregate(2, 6, 20)).absolute == 1


def test_the_relative_difference_is_a_share_of_control() -> None:
    assert difference_of(Aggregate(4, 8, 20), Aggregate(2, 6, 20)).relative == 0.5


def test_where_control_is_zero_there_is_no_relative_difference() -> None:
    assert difference_of(Aggregate(4, 0, 0), Aggregate(2, 6, 20)) == Difference(absolute=3)


def test_a_side_without_units_leaves_no_figure() -> None:
    assert difference_of(Aggregate(), Aggregate(2, 6, 20)) == Difference()
    assert difference_of(Aggregate(2, 6, 20), Aggregate()) == Difference()


def test_no_test_is_made() -> None:
    found = difference_of(Aggregate(4, 8, 20), Aggregate(2, 6, 20))
    assert found.p_value is None
    assert found.interval is None
