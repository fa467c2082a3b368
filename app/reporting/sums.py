"""Units in cells: by phase, arm and exposure, all together by day, and cut by how they stood at first."""

from collections.abc import Iterator
from datetime import UTC, date
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple, Self

from app.reporting.facts import Facts
from app.reporting.moments import EXACT, Layout, add

# What visitors say of themselves can be anything, and each value would be a cell of its own: these are all.
OTHER = "other"
DEVICES = frozenset(
    {"mobile", "tablet", "desktop", "tv", "console", "watch", "headset", "speaker", "car", "kiosk", "app"}
)
_COUNTRY_LETTERS = 2
# Only all units together are told by the day of their first assignment (UTC).
ANY_DAY = date(1970, 1, 1)


class Cell(NamedTuple):
    """Which units: `cut` is empty for all of them, else what they are cut by; `value` is empty if unknown.

    `day` is that of the first assignment in UTC, and `ANY_DAY` in cuts.
    """

    phase: int
    cut: str
    value: str
    arm: str
    day: date
    exposed: bool


class Sum:
    """How many units a cell has, how many of them crossed, and the sums of what they did."""

    __slots__ = ("crossed", "moments", "units")

    def __init__(self, units: int, crossed: int, moments: list[Decimal]) -> None:
        self.units = units
        self.crossed = crossed
        self.moments = moments

    @classmethod
    def of_nobody(cls, size: int) -> Self:
        """Begin with so many sums, all of them 0."""
        return cls(0, 0, [Decimal()] * size)

    def copy(self) -> "Sum":
        """Begin another one with the same units."""
        return Sum(self.units, self.crossed, self.moments)

    def plus(self, other: "Sum") -> None:
        """Take in the units of another cell."""
        self.units += other.units
        self.crossed += other.crossed
        self.moments = [EXACT.add(one, more) for one, more in zip(self.moments, other.moments, strict=True)]

    @property
    def is_nothing(self) -> bool:
        """Whether it adds nothing to anything."""
        return not self.units and not self.crossed and not any(self.moments)


class Sums:
    """Sums by cell; or what is to be added to them."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.by_cell: dict[Cell, Sum] = {}

    def add(self, facts: Facts, sign: int = 1) -> None:
        """Take in a unit, or with -1 take it out again."""
        terms = self.layout.terms_of(facts.worth, sign)
        crossed = sign * facts.crossed
        for place in places_of(facts):
            # A tuple finds the cell it is equal to, and is several times as fast made.
            found = self.by_cell.get(place)  # type: ignore[call-overload] # as said
            if found is None:
                found = self.by_cell[Cell(*place)] = Sum.of_nobody(self.layout.size)
            found.units += sign
            found.crossed += crossed
            add(found.moments, terms)


def places_of(facts: Facts) -> Iterator[tuple[int, str, str, str, date, bool]]:
    """Name the cells in which a unit counts, once each, by their fields."""
    day = facts.first_at.astimezone(UTC).date()
    phase, arm, exposed = facts.phase, facts.arm, facts.exposed
    yield phase, "", "", arm, day, exposed
    yield phase, "stage", said("stage", facts.stage), arm, ANY_DAY, exposed
    yield phase, "device", said("device", facts.device), arm, ANY_DAY, exposed
    yield phase, "country", said("country", facts.country), arm, ANY_DAY, exposed
    for segment in dict.fromkeys(facts.segments):
        yield phase, "segment", segment, arm, ANY_DAY, exposed


@lru_cache(4_096)
def said(cut: str, value: str | None) -> str:
    """Write the value of a cell down; a device or a country that there is not is `other`."""
    if not value or cut not in {"device", "country"}:
        return value or ""
    if cut == "device":
        return device if (device := value.lower()) in DEVICES else OTHER
    is_code = len(value) == _COUNTRY_LETTERS and value.isascii() and value.isalpha()
    return value.upper() if is_code else OTHER


def rows_of(sums: Sums) -> Iterator[tuple[Any, ...]]:
    """Write down each cell that adds something, in one order always, lest two writers wait in a circle."""
    for cell, found in sorted(sums.by_cell.items()):
        if not found.is_nothing:
            yield (*cell, found.units, found.crossed, found.moments)
