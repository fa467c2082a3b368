from collections.abc import Sequence

from app.reporting.moments import Layout, add
from app.reporting.sums import Sum
from app.reporting.tally import Tally
from app.stats.joint import JointAggregate


def units(*worth: Sequence[float]) -> Sum:
    """Units with one column for each metric."""
    layout = Layout([1] * len(worth[0]))
    found = Sum.of_nobody(layout.size)
    for one in worth:
        found.units += 1
        add(found.moments, layout.terms_of(one))
    return found


def test_listed_arms_stand_in_their_order_even_without_units() -> None:
    tally = Tally(["control", "treatment"], {"orders": 1})
    assert list(tally.arms.items()) == [("control", 0), ("treatment", 0)]
    assert tally.joints_of("orders") == dict.fromkeys(("control", "treatment"), JointAggregate.nothing(1))


def test_cells_add_up_in_their_arm() -> None:
    tally = Tally(["control", "treatment"], {"orders": 1, "revenue": 1})
    tally.add("treatment", units([1, 20]))
    tally.add("treatment", units([0, 0], [1, 1]))
    assert tally.joints_of("orders")["treatment"] == JointAggregate(3, (2,), ((2,),))
    assert tally.joints_of("revenue")["treatment"] == JointAggregate(3, (21,), ((401,),))
    assert tally.units == 3


def test_an_arm_that_is_not_listed_is_shown_after_the_others() -> None:
    tally = Tally(["control"], {"orders": 1})
    tally.add("surprise", units([1]))
    assert tally.arms == {"control": 0, "surprise": 1}
    assert tally.joints_of("orders")["surprise"] == JointAggregate(1, (1,), ((1,),))


def test_without_metrics_units_are_counted_all_the_same() -> None:
    tally = Tally(["control"], {})
    tally.add("control", Sum(3, 1, []))
    assert (tally.units, tally.crossed) == (3, 1)


def test_a_copy_shares_nothing_that_grows() -> None:
    one = Tally(["control"], {"orders": 1})
    one.add("control", units([1]))
    other = one.copy()
    other.add("control", units([1]))
    assert (one.units, other.units) == (1, 2)
    assert one.joints_of("orders")["control"].totals == (1,)
    assert other.joints_of("orders")["control"].totals == (2,)
