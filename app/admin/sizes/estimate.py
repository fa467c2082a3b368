"""How many there are of all, from how many there are in a sample: pure."""

from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

CONFIDENCE = 0.95
_Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


class Sample(NamedTuple):
    """`drawn` of `total`, without putting any back."""

    total: int
    drawn: int

    @property
    def is_whole(self) -> bool:
        """Whether nobody was left out."""
        return self.drawn >= self.total


class Estimate(NamedTuple):
    """A number of all, and the interval in which it lies with 95 % confidence."""

    number: int
    low: int
    high: int


def estimated(found: int, sample: Sample) -> Estimate:
    """Scale what was found in a sample to all; exact where the sample is all."""
    if sample.is_whole:
        return Estimate(found, found, found)
    low, high = share_interval(found, sample.drawn, total=sample.total)
    # Who was found is there, and whoever was looked at and was not one is none.
    least, most = found, sample.total - (sample.drawn - found)
    number = round(found / sample.drawn * sample.total)
    return Estimate(number, max(least, round(low * sample.total)), min(most, round(high * sample.total)))


def share_interval(found: int, drawn: int, *, total: int | None = None) -> tuple[float, float]:
    """Answer Wilson's interval of a share, narrower by as much as the sample is of a finite whole.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference (1927); the
    finite whole as W. G. Cochran, Sampling Techniques (1977), section 3.2: n is multiplied by
    (N - 1) / (N - n). Where nobody was looked at, the share may be any.
    """
    if not drawn:
        return 0.0, 1.0
    share, size = found / drawn, float(drawn)
    if total is not None and total > drawn:
        size *= (total - 1) / (total - drawn)
    squared = _Z * _Z / size
    middle = (share + squared / 2) / (1 + squared)
    reach = _Z * sqrt(share * (1 - share) / size + squared / (4 * size)) / (1 + squared)
    return max(0.0, middle - reach), min(1.0, middle + reach)
