from app.stats.aggregates import Aggregate


def aggregate_of(*values: float) -> Aggregate:
    aggregate = Aggregate()
    for value in values:
        aggregate = aggregate.add(value)
    return aggregate


def test_units_and_both_sums_grow_with_each_value() -> None:
    assert aggregate_of(1, 2, 4) == Aggregate(3, 7, 21)


def test_the_mean_is_the_sum_by_the_units() -> None:
    assert aggregate_of(1, 2, 6).mean == 3


def test_no_units_have_no_mean_and_no_variance() -> None:
    assert Aggregate().mean is None
    assert Aggregate().variance is None


def test_one_unit_has_a_mean_but_no_variance() -> None:
    assert aggregate_of(5).mean == 5
    assert aggregate_of(5).variance is None


def test_the_variance_divides_by_one_less_than_the_units() -> None:
    # The textbook's 2, 4, 4, 4, 5, 5, 7, 9: squared deviations from 5 add up to 32.
    assert aggregate_of(2, 4, 4, 4, 5, 5, 7, 9).variance == 32 / 7


def test_equal_values_have_no_variance_even_where_rounding_would_make_it_negative() -> None:
    assert aggregate_of(*[0.1] * 3).variance == 0


def test_merging_is_the_same_as_having_counted_together() -> None:
    assert aggregate_of(1, 2).merge(aggregate_of(4, 8)) == aggregate_of(1, 2, 4, 8)


def test_merging_leaves_both_sides_as_they_were() -> None:
    one, other = aggregate_of(1), aggregate_of(2)
    one.merge(other)
    assert (one, other) == (Aggregate(1, 1, 1), Aggregate(1, 2, 4))
