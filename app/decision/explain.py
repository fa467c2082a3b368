"""A decision explained: for each placement every candidate rule, with what it lacked."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from app.decision.inputs import Basis
from app.engine.forced import Forced
from app.engine.ruleset import Ruleset
from app.engine.trace import Candidate, tracing
from app.kit.slices import in_slices

Traces: TypeAlias = Mapping[str, Sequence[Candidate]]
"""The candidates of each placement, in the order in which they were asked."""


async def traces_of(basis: Basis, ruleset: Ruleset | None) -> Traces:
    """Explain the decision that follows from a basis; other work goes on between two rules.

    Where nothing is published, there are no candidates.
    """
    if ruleset is None:
        return dict.fromkeys(basis.placements, ())
    seen = basis.seen_by(ruleset)
    return await in_slices(tracing(ruleset, seen, basis.placements, refused=basis.refused))


async def traces_of_preview(basis: Basis, ruleset: Ruleset, forced: Forced) -> Traces:
    """Explain a decision that was taken with something forced."""
    seen = ruleset.see(basis.profile, basis.context, basis.standing, basis.now, forced)
    return await in_slices(tracing(ruleset, seen, basis.placements, forced=forced))
