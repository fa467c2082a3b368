import pytest

from app.reporting.overlap import SharedArms, _independence


def table(*cells: int) -> list[SharedArms]:
    arms = [("control", "a"), ("control", "b"), ("treatment", "a"), ("treatment", "b")]
    return [SharedArms(*pair, units) for pair, units in zip(arms, cells, strict=True) if units]


def test_experiments_that_draw_independently_are_no_surprise() -> None:
    assert _independence(table(50, 50, 50, 50)) == pytest.approx(1)


def test_experiments_that_go_together_are() -> None:
    # chisq.test(matrix(c(60, 40, 40, 60), 2), correct = FALSE) of R says p = 0.004678.
    assert _independence(table(60, 40, 40, 60)) == pytest.approx(0.004678, abs=1e-6)


def test_too_few_units_tell_nothing() -> None:
    assert _independence(table(3, 3, 3, 3)) is None
    assert _independence(table(50, 50, 0, 0)) is None
    assert _independence([]) is None
