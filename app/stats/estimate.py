"""An estimated difference with its interval and p-value."""

import math
from typing import Literal

import msgspec

from app.stats.distributions import student_cdf, student_quantile

Alternative = Literal["two-sided", "greater", "less"]
Interval = tuple[float, float]


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """Treatment against control; what the units allow no figure for is None.

    `value` is the difference, `error` its standard error, `interval` lies around it at confidence 1 - alpha
    (one-sided: infinite on the open side), `statistic` is (value - null) / error, and `degrees` its degrees
    of freedom (None: normal).
    """

    value: float | None = None
    error: float | None = None
    interval: Interval | None = None
    p_value: float | None = None
    statistic: float | None = None
    degrees: float | None = None


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a test is asked: at which alpha, against which alternative, with which difference as the null."""

    alpha: float = 0.05
    alternative: Alternative = "two-sided"
    null: float = 0.0


def estimate_of(
    value: float | None, squared_error: float | None, asked: Asked, degrees: float = math.inf
) -> Estimate:
    """Test a difference by Student's t, or by the normal distribution where the degrees are infinite.

    Without an error above 0, or a finite null, there is no test: p-value and interval are None, as is an
    interval at an alpha that is no probability. Where the difference has no finite value, nothing has.
    """
    if value is None or not math.isfinite(value):
        return Estimate()
    if squared_error is None or not 0 < squared_error < math.inf or not degrees > 0:
        return Estimate(value=value)
    if not math.isfinite(asked.null):
        return Estimate(value=value)
    error = math.sqrt(squared_error)
    statistic = (value - asked.null) / error
    return Estimate(
        value=value,
        error=error,
        interval=interval_of(value, error, asked, degrees),
        p_value=p_value_of(statistic, asked.alternative, degrees),
        statistic=statistic,
        degrees=degrees if degrees < math.inf else None,
    )


def interval_of(value: float, error: float, asked: Asked, degrees: float = math.inf) -> Interval | None:
    """Answer `value ± q error`; one-sided, only the side that the alternative leaves bounded."""
    tail = asked.alpha / 2 if asked.alternative == "two-sided" else asked.alpha
    if not 0 < tail <= asked.alpha < 1:
        return None
    reach = -student_quantile(tail, degrees) * error
    low = -math.inf if asked.alternative == "less" else value - reach
    high = math.inf if asked.alternative == "greater" else value + reach
    return low, high


def p_value_of(statistic: float, alternative: Alternative, degrees: float = math.inf) -> float:
    """Answer how likely a statistic at least this far out is under the null."""
    if alternative == "two-sided":
        return min(1.0, 2 * student_cdf(-abs(statistic), degrees))
    return student_cdf(-statistic if alternative == "greater" else statistic, degrees)
