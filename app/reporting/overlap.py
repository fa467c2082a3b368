"""Units that are in two experiments at once, counted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

import asyncpg

from app.reporting.definition import Definition
from app.stats.sample_ratio import chi_square_tail
from app.storage.postgres import LONG_S

_SHARED = """
    SELECT other.experiment, mine.arm, other.arm AS other_arm, count(*) AS units
    FROM unit_facts AS mine
    JOIN unit_facts AS other ON other.site_id = $1 AND other.unit = mine.unit AND other.experiment = ANY ($4)
    WHERE mine.site_id = $1 AND mine.experiment = $2 AND mine.phase = $3
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class SharedArms:
    """How many units have one arm here and another one there."""

    arm: str
    other_arm: str
    units: int


@dataclass(frozen=True, slots=True)
class Overlap:
    """Another experiment, and the units that both have.

    `share` is that of this experiment's own units. `p_value` says how surprising the table of arms is if the
    two experiments draw independently of each other, as they should; null where there is too little to tell.
    """

    experiment: str
    units: int
    share: float
    arms: list[SharedArms]
    p_value: float | None


async def count_overlaps(
    connection: asyncpg.Connection, site_id: int, definition: Definition, others: Iterable[str], units: int
) -> list[Overlap]:
    """Count what an experiment of so many units shares with others, the largest share first."""
    asked = (site_id, definition.key, definition.phase, [key for key in others if key != definition.key])
    rows = await connection.fetch(_SHARED, *asked, timeout=LONG_S)
    found = []
    for key, of_other in groupby(rows, key=lambda row: str(row["experiment"])):
        arms = [SharedArms(row["arm"], row["other_arm"], row["units"]) for row in of_other]
        shared = sum(one.units for one in arms)
        share = shared / units if units else 0.0
        found.append(Overlap(key, shared, share, arms, _independence(arms)))
    return sorted(found, key=lambda one: (-one.units, one.experiment))


def _independence(arms: Iterable[SharedArms]) -> float | None:
    """Test a table of arms by Pearson's chi-square; None with one arm on a side, or too few units."""
    cells = {(one.arm, one.other_arm): one.units for one in arms}
    rows, columns = _margin(cells, 0), _margin(cells, 1)
    whole = sum(rows.values())
    if len(rows) < 2 or len(columns) < 2:  # noqa: PLR2004 - a table of one line has nothing to compare
        return None
    statistic = 0.0
    for row, of_row in rows.items():
        for column, of_column in columns.items():
            expected = of_row * of_column / whole
            if expected < 5:  # noqa: PLR2004 - Cochran's rule: below that, chi-square is no approximation
                return None
            statistic += (cells.get((row, column), 0) - expected) ** 2 / expected
    return chi_square_tail(statistic, (len(rows) - 1) * (len(columns) - 1))


def _margin(cells: Mapping[tuple[str, str], int], side: int) -> dict[str, int]:
    margin: dict[str, int] = {}
    for arms, units in cells.items():
        margin[arms[side]] = margin.get(arms[side], 0) + units
    return margin
