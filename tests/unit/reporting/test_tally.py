from app.reporting.tally import Tally
from app.stats.aggregates import Aggregate


def test_listed_arms_stand_in_their_order_even_without_units() -> None:
    tally = Tally(["control", "treatment"], ["orders"])
    assert list(tally.arms.items()) == [("control", 0), ("treatment", 0)]
    assert tally.aggregates_of("orders") == {"control": Aggregate(), "treatment": Aggregate()}


def test_a_unit_counts_in_its_arm_with_each_of_its_values() -> None:
    tally = Tally(["control", "treatment"], ["orders", "revenue"])
    tally.add("treatment", [1, 20])
    tally.add("treatment", [0, 0])
    assert tally.aggregates_of("orders")["treatment"] == Aggregate(2, 1, 1)
    assert tally.aggregates_of("revenue")["treatment"] == Aggregate(2, 20, 400)
    assert tally.units == 2


def test_an_arm_that_is_not_listed_is_shown_after_the_others() -> None:
    tally = Tally(["control"], ["orders"])
    tally.add("surprise", [1])
    assert tally.arms == {"control": 0, "surprise": 1}
    assert tally.aggregates_of("orders")["surprise"] == Aggregate(1, 1, 1)


def test_without_metrics_units_are_counted_all_the_same() -> None:
    tally = Tally(["control"], [])
    tally.add("control", [])
    assert tally.units == 1


def test_two_tallies_of_one_list_share_nothing() -> None:
    arms = ["control"]
    one, other = Tally(arms, ["orders"]), Tally(arms, ["orders"])
    one.add("control", [1])
    assert (one.units, other.units) == (1, 0)
