from itertools import pairwise

from loadtests.own_journeys import WAYS, own_journeys

DAY_MS = 86_400_000


def test_there_are_forty_shoppers_over_two_weeks() -> None:
    steps = own_journeys()
    span_ms = max(step.at_ms for step in steps) - min(step.at_ms for step in steps)
    assert len({step.visitor for step in steps}) == 40
    assert 13 * DAY_MS <= span_ms <= 15 * DAY_MS


def test_they_are_the_same_always() -> None:
    assert own_journeys() == own_journeys()


def test_no_id_stands_twice() -> None:
    steps = own_journeys()
    assert len({step.id for step in steps}) == len(steps)


def test_each_shopper_goes_forward_in_time() -> None:
    for one, other in pairwise(own_journeys()):
        assert one.visitor != other.visitor or one.at_ms < other.at_ms


def test_every_kind_of_event_comes_up() -> None:
    assert {step.name for step in own_journeys()} == {
        "products_searched",
        "search_refined",
        "product_viewed",
        "product_saved",
        "product_added",
        "order_completed",
    }


def test_each_way_is_taken_by_five() -> None:
    visitors = {step.visitor for step in own_journeys()}
    for way in WAYS:
        assert sum(visitor.startswith(f"{way}-") for visitor in visitors) == 5
