"""From the counts of a sample to what is answered."""

import msgspec
import pytest

from app.admin.sizes.counts import Pair
from app.admin.sizes.figures import Figures
from app.admin.sizes.learning import Need
from app.admin.sizes.measured import JourneyCount, Measured, SegmentCount, StageCount
from tests.builders import NOW

NEED = Need(100, "the rule")
MEASURED = Measured(
    as_of=NOW,
    revision=3,
    profiles=1_000,
    sampled=1_000,
    visitors=800,
    approximate=2,
    segments=[
        SegmentCount("big", 400, depends_on_context=False, need=NEED),
        SegmentCount("small", 99, depends_on_context=True, need=NEED),
        SegmentCount("apart", 5, depends_on_context=False, need=Need(0, "needs nobody")),
    ],
    journeys=[JourneyCount("purchase", False, [StageCount("new", 600), StageCount("known", 200)])],
    overlapped=["big", "small"],
    shared=[Pair(0, 1, 50)],
)
ALL = slice(0, 50)
TENTH = msgspec.structs.replace(MEASURED, profiles=10_000)


def test_the_share_is_of_visitors_and_not_of_what_they_left_behind() -> None:
    big = Figures(MEASURED, refreshing=False).find_segment("big")

    assert big is not None
    assert (big.visitors, big.interval, big.share) == (400, (400, 400), 0.5)


def test_a_sample_is_scaled_to_all_profiles() -> None:
    figures = Figures(TENTH, refreshing=True)

    big = figures.find_segment("big")
    assert big is not None
    assert (big.visitors, big.share, figures.sampled.exact) == (4_000, 0.5, False)
    assert big.interval[0] < 4_000 < big.interval[1]
    assert figures.sampled.refreshing


def test_only_a_segment_that_is_surely_too_small_is_warned_of() -> None:
    assert [len(each.warnings) for each in Figures(MEASURED, refreshing=False).segments()] == [0, 1, 0]
    assert [len(each.warnings) for each in Figures(TENTH, refreshing=False).segments()] == [0, 0, 0]


def test_the_warning_says_the_rule_and_the_number() -> None:
    small = Figures(MEASURED, refreshing=False).find_segment("small")

    assert small is not None
    assert [(each.units_needed, each.rule) for each in small.warnings] == [(100, "the rule")]


def test_stages_are_told_in_the_order_of_the_journey() -> None:
    found = Figures(MEASURED, refreshing=False).find_journey("purchase")

    assert found is not None
    assert [(stage.stage, stage.visitors, stage.share) for stage in found[1]] == [
        ("new", 600, 0.75),
        ("known", 200, 0.25),
    ]


def test_what_is_not_there_is_not_found() -> None:
    figures = Figures(MEASURED, refreshing=False)

    assert figures.find_segment("nobody") is None
    assert figures.find_journey("nowhere") is None


def test_an_overlap_is_those_in_both_as_a_share_of_those_in_either() -> None:
    [overlap], _ = Figures(MEASURED, refreshing=False).overlaps([], ALL)

    assert overlap.segments == ("big", "small")
    assert (overlap.visitors, overlap.jaccard) == (50, round(50 / 449, 6))
    assert overlap.interval == (overlap.jaccard, overlap.jaccard)
    assert overlap.of_each == (0.125, round(50 / 99, 6))


def test_the_overlap_in_a_sample_has_an_interval() -> None:
    [overlap], _ = Figures(TENTH, refreshing=False).overlaps([], ALL)

    assert overlap.interval[0] < overlap.jaccard < overlap.interval[1]


def test_pairs_are_told_a_few_at_a_time_and_by_who_is_in_them() -> None:
    three = msgspec.structs.replace(
        MEASURED, overlapped=["big", "small", "apart"], shared=[Pair(0, 1, 50), Pair(0, 2, 1), Pair(1, 2, 1)]
    )
    figures = Figures(three, refreshing=False)

    def told(named: list[str], places: slice) -> tuple[list[tuple[str, str]], bool]:
        listed, is_more = figures.overlaps(named, places)
        return [overlap.segments for overlap in listed], is_more

    assert told([], slice(0, 2)) == ([("big", "small"), ("big", "apart")], True)
    assert told([], slice(2, 4)) == ([("small", "apart")], False)
    assert told(["apart"], ALL) == ([("big", "apart"), ("small", "apart")], False)
    assert told(["apart", "big"], ALL) == ([("big", "apart")], False)
    assert told(["nobody"], ALL) == ([], False)


def test_a_segment_that_is_in_no_pair_is_counted() -> None:
    assert Figures(MEASURED, refreshing=False).left_out == 1


def test_where_nobody_was_looked_at_there_is_no_share() -> None:
    nobody = msgspec.structs.replace(MEASURED, visitors=0)

    big = Figures(nobody, refreshing=False).find_segment("big")
    assert big is not None
    assert big.share is None


@pytest.mark.parametrize("measured", [MEASURED, TENTH])
def test_what_is_stored_is_read_back(measured: Measured) -> None:
    assert msgspec.json.decode(msgspec.json.encode(measured), type=Measured) == measured
