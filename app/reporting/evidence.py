"""What a verdict rests on."""

from collections.abc import Mapping, Sequence

import msgspec

from app.reporting.compare import Compared, Pair
from app.reporting.pace import Pace
from app.stats.sample_ratio import SampleRatio


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What a verdict rests on.

    `arms` are the units by arm that were asked for. Of `assigned`, all who were given one, `exposed` are
    those whose page reported what it showed. `complete` is how many have closed windows, and `looks` how many
    had at the end of each day; `compared` are the comparisons of those that are judged by.
    """

    arms: Mapping[str, int]
    assigned: Mapping[str, int]
    exposed: Mapping[str, int]
    complete: int
    crossed: int
    pace: Pace
    looks: Sequence[int]
    sample_ratio: SampleRatio
    always_valid_ratio: SampleRatio
    compared: Mapping[Pair, Compared]
    significant: frozenset[Pair]

    @property
    def units(self) -> int:
        """How many units there are."""
        return sum(self.arms.values())
