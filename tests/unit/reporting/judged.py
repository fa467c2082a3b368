"""What verdicts rest on, made up."""

from collections.abc import Mapping
from typing import Any

from app.reporting.compare import Compared, Pair
from app.reporting.definition import Definition
from app.reporting.evidence import Evidence
from app.reporting.pace import Pace
from app.reporting.report import Verdict
from app.reporting.verdict import judge
from app.stats.sample_ratio import SampleRatio
from tests.unit.reporting.counted import compare_all, counted, definition, orders, units

WON = frozenset({("orders", "treatment")})
GUARD = {"metrics": [{"metric": "guard", "role": "guardrail", "margin": 0.05}]}


def compared(found: Definition, one: int, other: int, of: int = 1000) -> Mapping[Pair, Compared]:
    """So many of each arm's units order."""
    (first, second, *_) = found.shares
    return compare_all(found, counted(found, [*units(first, of, one), *units(second, of, other)]).everyone)


def evidence_of(found: Definition, orders_of: Any = (100, 100), **fields: Any) -> Evidence:
    """A sound experiment of 1,000 units, of which 400 are complete, and 100 come in each day."""
    usual: dict[str, Any] = {
        "arms": dict.fromkeys(found.shares, 500),
        "assigned": dict.fromkeys(found.shares, 500),
        "exposed": {},
        "complete": 400,
        "crossed": 0,
        "pace": Pace(10, 100),
        "looks": [],
        "sample_ratio": SampleRatio(0.9),
        "always_valid_ratio": SampleRatio(1.0),
        "compared": compared(found, *orders_of),
        "significant": frozenset(),
    }
    return Evidence(**{**usual, **fields})


def verdict(
    evidence: dict[str, Any] | None = None, orders_of: Any = (100, 100), **experiment: Any
) -> Verdict:
    """Judge an experiment by its orders."""
    metrics = [orders(), orders("guard")] if experiment.get("metrics") else [orders()]
    found = definition(*metrics, **experiment)
    return judge(found, evidence_of(found, orders_of, **(evidence or {})))


def detail(found: Verdict, check: str) -> tuple[bool, str]:
    """What a check says."""
    return next((c.ok, c.detail) for c in found.checks if c.check == check)
