"""Sums over many units, Σx and Σxy of each metric's columns, which add up to the same in any order."""

from collections.abc import Iterator, Sequence
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate

from app.stats.joint import JointAggregate

# Units' numbers have 12 decimals, so that their squares have 24, and each event adds 1e15 at most: with so
# many digits, sums of squares over any number of units are exact.
EXACT = Context(prec=80)

Term = tuple[int, Decimal]


class Layout:
    """Where each sum stands in the list of all, metric by metric: Σx of its columns, then Σxy with x ≤ y."""

    def __init__(self, columns: Sequence[int]) -> None:
        """Lay out metrics with so many columns each."""
        self._columns = tuple(columns)
        ends = tuple(accumulate(count + count * (count + 1) // 2 for count in self._columns))
        self._starts = (0, *ends[:-1])
        self.size = ends[-1] if ends else 0

    def terms_of(self, worth: Sequence[float], sign: int = 1) -> list[Term]:
        """Tell what one unit adds, or with -1 takes away, and to which sums; what adds 0 is left out."""
        terms: list[Term] = []
        if any(worth):
            first = 0
            for count, start in zip(self._columns, self._starts, strict=True):
                terms += _terms(tuple(worth[first : first + count]), start, sign)
                first += count
        return terms

    def first_column(self, place: int) -> list[int]:
        """Name the sums that change with a metric's first column: its Σx, then its Σxy with each column."""
        count, start = self._columns[place], self._starts[place]
        return [start, *(start + _place(0, j, count) for j in range(count))]

    def metric(self, place: int, moments: Sequence[Decimal]) -> "Moments":
        """Take one metric's sums out of all."""
        count, start = self._columns[place], self._starts[place]
        end = start + count + count * (count + 1) // 2
        return Moments(count, [Fraction(moment) for moment in moments[start:end]])


class Moments:
    """The sums of one metric's columns."""

    def __init__(self, columns: int, sums: Sequence[Fraction]) -> None:
        self._columns = columns
        self._sums = sums

    def joint(self, units: int) -> JointAggregate:
        """See them as sums over so many units."""
        places = range(self._columns)
        products = tuple(tuple(self._product(i, j) for j in places) for i in places)
        return JointAggregate(units, tuple(self._sums[: self._columns]), products)

    def _product(self, one: int, other: int) -> Fraction:
        low, high = sorted((one, other))
        return self._sums[_place(low, high, self._columns)]


def add(sums: list[Decimal], terms: Sequence[Term]) -> None:
    """Add what a unit adds."""
    for place, term in terms:
        sums[place] = _plus(sums[place], term)


_plus = EXACT.add


# Most units have one of a few values: none, one order, two products seen.
@lru_cache(16_384)
def _terms(values: tuple[float, ...], start: int, sign: int) -> tuple[Term, ...]:
    return tuple((start + place, term if sign > 0 else term.copy_negate()) for place, term in _powers(values))


def _powers(values: Sequence[float]) -> Iterator[Term]:
    exact = [decimal_of(value) for value in values]
    for i, x in enumerate(exact):
        if x:
            yield i, x
            for j in range(i, len(exact)):
                if exact[j]:
                    yield _place(i, j, len(exact)), EXACT.multiply(x, exact[j])


def _place(low: int, high: int, columns: int) -> int:
    """Tell where Σxy stands: after all Σx come (0, 0), (0, 1) and so on, then (1, 1)."""
    return columns + low * columns - low * (low - 1) // 2 + high - low


def decimal_of(value: float) -> Decimal:
    """Read a number as people write it: 49.9 is 49.9, not the double next to it."""
    return Decimal(repr(value)) if value else Decimal()
