"""Units counted and their values summed, by arm, as they stream by."""

from collections.abc import Iterable, Sequence

from app.stats.aggregates import Aggregate


class Tally:
    """Units by arm, and an aggregate by arm and metric; it grows as units are added, one value per metric.

    An arm that is not listed gets a place after the others: a unit that should not be is shown, not dropped.
    """

    def __init__(self, arms: Iterable[str], metrics: Iterable[str]) -> None:
        self._places = {metric: place for place, metric in enumerate(metrics)}
        self._none = (Aggregate(),) * len(self._places)
        self._aggregates = dict.fromkeys(arms, self._none)
        self._units = dict.fromkeys(self._aggregates, 0)

    def add(self, arm: str, values: Sequence[float]) -> None:
        """Take in one unit, with its values in the order of the metrics."""
        known = self._aggregates.get(arm, self._none)
        self._aggregates[arm] = tuple(sums.add(x) for sums, x in zip(known, values, strict=True))
        self._units[arm] = self._units.get(arm, 0) + 1

    @property
    def arms(self) -> dict[str, int]:
        """How many units each arm has."""
        return dict(self._units)

    @property
    def units(self) -> int:
        """How many units there are."""
        return sum(self._units.values())

    def aggregates_of(self, metric: str) -> dict[str, Aggregate]:
        """Every arm's aggregate by one metric."""
        place = self._places[metric]
        return {arm: aggregates[place] for arm, aggregates in self._aggregates.items()}
