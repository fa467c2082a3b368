"""All that is looked for in a site, within a time."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from time import monotonic
from typing import Any, TypeAlias

from app.admin.lint.arms import missing_placements
from app.admin.lint.contradictions import (
    contradictory_audiences,
    contradictory_conditions,
    contradictory_schedules,
)
from app.admin.lint.finding import Finding, Report, Undecided
from app.admin.lint.pages import missing_fallbacks, theme_conflicts
from app.admin.lint.reach import never_reached, priority_ties
from app.admin.lint.segments import nested_segments, unused_segments
from app.admin.lint.site import Site
from app.admin.lint.solve import OutOfTimeError
from app.admin.lint.stages import unreachable_stages
from app.engine.compile import parse_document

Check: TypeAlias = Callable[[Site], Iterator[Finding | Undecided]]

# More than that nobody reads, and each comes with an example.
_MOST = 200

# What takes the least time comes first, and last what takes the most and gets all that is left.
_CHECKS: tuple[tuple[Check, tuple[str, ...]], ...] = (
    (contradictory_schedules, ("schedule_contradiction", "rule_out_of_date")),
    (missing_placements, ("arm_misses_placement",)),
    (contradictory_conditions, ("condition_contradiction",)),
    (contradictory_audiences, ("audience_contradiction",)),
    (unreachable_stages, ("stage_never_holds",)),
    (missing_fallbacks, ("placement_without_fallback",)),
    (unused_segments, ("segment_unused",)),
    (nested_segments, ("segments_equal", "segment_contained")),
    (theme_conflicts, ("theme_conflict",)),
    (priority_ties, ("priority_tie",)),
    (never_reached, ("rule_never_reached",)),
)


def check(
    document: Mapping[str, Any], now: datetime, *, within_s: float, clock: Callable[[], float] = monotonic
) -> Report:
    """Look for everything in a document, for visitors from an instant on; raises Problems where it is wrong.

    Each part may take half of the time that is left, the last one all of it. What it had found when its time
    was up counts, and what it looks for is named as not checked: so it is, too, once it has found 200.
    """
    ends_at = clock() + within_s
    site = Site(parse_document(document), now, clock=clock)
    report = Report()
    for look, codes in _CHECKS:
        left = ends_at - clock()
        site.solver.ends_at = ends_at if look is _CHECKS[-1][0] else ends_at - left / 2
        if not _looked(look(site), report):
            report.not_checked.extend(codes)
    return report


def _looked(looking: Iterator[Finding | Undecided], report: Report) -> bool:
    """Take down what is found; False where there may be more."""
    try:
        for found in islice(looking, _MOST):
            if isinstance(found, Finding):
                report.findings.append(found)
            else:
                report.unknown.append(found)
        return next(looking, None) is None
    except OutOfTimeError:
        return False
