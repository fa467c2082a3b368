import math

import pytest

from app.stats.guardrail import check_margin


@pytest.mark.parametrize(
    ("interval", "kept"),
    [
        ((-0.005, 0.02), "held"),
        ((-0.02, 0.02), "open"),
        ((-0.04, -0.02), "breached"),
        ((-0.01, 0.02), "open"),
        ((-0.04, -0.01), "open"),
        (None, "open"),
    ],
)
def test_the_whole_interval_decides(interval: tuple[float, float] | None, kept: str) -> None:
    assert check_margin(interval, margin=0.01) == kept
    mirrored = (-interval[1], -interval[0]) if interval else None
    assert check_margin(mirrored, margin=0.01, better="down") == kept


def test_without_a_margin_any_loss_is_one() -> None:
    assert check_margin((-0.02, -0.01), margin=0) == "breached"
    assert check_margin((0.01, 0.02), margin=0) == "held"


@pytest.mark.parametrize("margin", [-0.01, math.nan, math.inf])
def test_a_margin_that_is_none_is_refused(margin: float) -> None:
    with pytest.raises(ValueError, match="margin"):
        check_margin((0, 1), margin=margin)
