"""Units by arm, with the sums of what they did, put together from cells."""

from collections.abc import Iterable, Mapping
from copy import copy

from app.reporting.moments import Layout
from app.reporting.sums import Sum
from app.stats.joint import JointAggregate


class Tally:
    """The units of each arm; it grows as cells are added.

    An arm that is not listed gets a place after the others: a unit that should not be is shown, not dropped.
    """

    def __init__(self, arms: Iterable[str], metrics: Mapping[str, int]) -> None:
        """Begin with arms that have no unit yet. `metrics` says how many columns each has, in their order."""
        self._places = {metric: place for place, metric in enumerate(metrics)}
        self._layout = Layout([*metrics.values()])
        self._sums = {arm: Sum.of_nobody(self._layout.size) for arm in arms}

    def add(self, arm: str, found: Sum) -> None:
        """Take in the units of a cell."""
        held = self._sums.setdefault(arm, Sum.of_nobody(self._layout.size))
        held.plus(found)

    def copy(self) -> "Tally":
        """Begin another one with the same units."""
        other = copy(self)
        vars(other)["_sums"] = {arm: found.copy() for arm, found in self._sums.items()}
        return other

    @property
    def arms(self) -> dict[str, int]:
        """How many units each arm has."""
        return {arm: found.units for arm, found in self._sums.items()}

    @property
    def units(self) -> int:
        """How many units there are."""
        return sum(found.units for found in self._sums.values())

    @property
    def crossed(self) -> int:
        """How many of them were given more than one arm."""
        return sum(found.crossed for found in self._sums.values())

    def joints_of(self, metric: str) -> dict[str, JointAggregate]:
        """Every arm's units with the values of one metric's columns."""
        place, arms = self._places[metric], self.arms
        return {
            arm: self._layout.metric(place, found.moments).joint(arms[arm])
            for arm, found in self._sums.items()
        }
