"""A campaign's table; under `/decide` and `/events` stands the slowest answer."""

from collections.abc import Sequence

import msgspec

from tests.faults.ledger import Ledger
from tests.faults.stores import Outcome

_COLUMNS = (
    ("fault", 34),
    ("times", 6),
    ("answered", 9),
    ("degraded", 9),
    ("cut", 5),
    ("refused", 8),
    ("failed", 7),
    ("missing", 8),
    ("doubled", 8),
    ("profiles", 12),
    ("/decide", 8),
    ("/events", 8),
)


class Row(msgspec.Struct):
    """One kind of fault: how often, and what became of the requests meanwhile."""

    says: str
    times: int
    ledger: Ledger
    outcome: Outcome
    notes: list[str] = []

    @property
    def clean(self) -> bool:
        """Whether nothing failed, is missing or there twice, and every profile and result is right."""
        wrong = self.ledger.failed or self.outcome.missing or self.outcome.doubled or self.notes
        return not wrong and self.outcome.profiles.equal and not self.outcome.results_differ


def table_of(rows: Sequence[Row]) -> str:
    """Write the table, and below it what is wrong in words."""
    table = [[name for name, _ in _COLUMNS], *map(_cells, rows)]
    return "\n".join([*map(_line_of, table), *(line for row in rows for line in complaints_of(row))])


def _line_of(cells: Sequence[str]) -> str:
    return "".join(f"{cell:<{width}}" for cell, (_, width) in zip(cells, _COLUMNS, strict=True)).rstrip()


def _cells(row: Row) -> list[str]:
    ledger, outcome = row.ledger, row.outcome
    profiles = outcome.profiles
    wrong = len(profiles.cached_differ) + len(profiles.durable_differ)
    figures = [row.times, ledger.answered, ledger.degraded, ledger.cut, ledger.refused, ledger.failed]
    figures += [outcome.missing, outcome.doubled]
    said = "equal" if not wrong else f"{wrong} differ"
    slowest = [f"{ledger.slowest_s.get(path, 0):.2f} s" for path in ("/decide", "/events")]
    return [row.says, *map(str, figures), said, *slowest]


def complaints_of(row: Row, shown: int = 5) -> list[str]:
    """Tell the first of what is wrong in each respect."""
    profiles = row.outcome.profiles
    found = [
        *row.notes,
        *row.ledger.failures[:shown],
        *(f"cached profile {text}" for text in profiles.cached_differ[:shown]),
        *(f"durable profile {text}" for text in profiles.durable_differ[:shown]),
        *(f"results of {text} are not those of a recount" for text in row.outcome.results_differ[:shown]),
    ]
    return [f"{row.says}: {text}" for text in found]
