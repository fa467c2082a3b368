"""How many there are of all, from how many there are in a sample."""

import random

import pytest

from app.admin.sizes.estimate import Estimate, Sample, estimated, share_interval


def test_a_sample_of_all_leaves_nothing_to_guess() -> None:
    assert estimated(7, Sample(100, 100)) == Estimate(7, 7, 7)
    assert estimated(0, Sample(0, 0)) == Estimate(0, 0, 0)


def test_what_is_found_is_scaled_to_all() -> None:
    estimate = estimated(50, Sample(1_000_000, 20_000))

    assert estimate.number == 2_500
    assert 1_800 < estimate.low < 2_500 < estimate.high < 3_400


def test_the_interval_never_denies_what_was_seen() -> None:
    for found in (0, 1, 99, 100):
        estimate = estimated(found, Sample(101, 100))
        assert found <= estimate.low <= estimate.number <= estimate.high <= found + 1


def test_where_nobody_was_looked_at_there_may_be_any_number() -> None:
    assert share_interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("found", "drawn", "interval"),
    [
        # As statsmodels' proportion_confint with the method "wilson" answers.
        (0, 10, (0.0, 0.27753279986288926)),
        (3, 10, (0.10779126740630104, 0.6032218525388546)),
        (10, 10, (0.7224672001371106, 1.0)),
        (417, 20_000, (0.018959859701463147, 0.022924168451101914)),
    ],
)
def test_the_interval_of_an_endless_whole_is_wilsons(
    found: int, drawn: int, interval: tuple[float, float]
) -> None:
    assert share_interval(found, drawn) == pytest.approx(interval, abs=1e-9)


def test_the_interval_is_narrower_the_more_of_the_whole_was_drawn() -> None:
    widths = [high - low for low, high in (share_interval(30, 100, total=n) for n in (101, 200, 10_000))]

    assert widths == sorted(widths)
    assert widths[0] < widths[-1] / 5


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """Of 1,000 samples of a finite whole, 95 % less 3.29 standard errors at least."""
    draw, whole = random.Random(1), [1] * 150 + [0] * 850  # noqa: S311 - making up visitors is not cryptography
    held = 0
    for _ in range(1_000):
        estimate = estimated(sum(draw.sample(whole, 300)), Sample(1_000, 300))
        held += estimate.low <= 150 <= estimate.high
    assert held >= 927
