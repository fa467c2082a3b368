"""Which comparisons are significant, by the method that the experiment was planned with."""

from collections.abc import Callable, Mapping, Sequence

from app.engine.model import Analysis
from app.kit.steps import Steps
from app.reporting.compare import Compared, Pair
from app.reporting.definition import Definition
from app.stats.corrections import benjamini_hochberg, holm
from app.stats.spending import LEAST_STEP, bounding

_CORRECTIONS: Mapping[str, Callable[[Sequence[float]], list[float]]] = {
    "none": list,
    "holm": holm,
    "benjamini_hochberg": benjamini_hochberg,
}


def adjust(p_values: Mapping[Pair, float | None], analysis: Analysis) -> dict[Pair, float]:
    """Correct the p-values of one experiment for how many of them there are."""
    known = {pair: p_value for pair, p_value in p_values.items() if p_value is not None}
    return dict(zip(known, _CORRECTIONS[analysis.correction](list(known.values())), strict=True))


def adjusted_of(definition: Definition, compared: Mapping[Pair, Compared]) -> dict[Pair, float]:
    """Correct the p-values at a fixed size over all metrics and arms; guardrails are held against margins."""
    asked = tested(definition, compared)
    return adjust({pair: found.fixed.p_value for pair, found in asked.items()}, definition.analysis)


def significant_of(
    definition: Definition, judged: Mapping[Pair, Compared], looks: Sequence[int], *, is_over: bool
) -> Steps[frozenset[Pair]]:
    """List the significant ones of these comparisons, which are of the units that are judged by.

    `looks` says how many complete units there were at the end of each day; `is_over`: no unit comes in any
    more, and all windows have closed. A test at a fixed size is made once: when all planned units are there,
    or where none were planned when it is over. `bayesian` waits for the same, and `group_sequential` needs a
    plan.
    """
    analysis, asked = definition.analysis, tested(definition, judged)
    planned = analysis.planned_units
    if analysis.method == "always_valid":
        return _below(analysis, {pair: found.always_valid.p_value for pair, found in asked.items()})
    if analysis.method == "group_sequential":
        times = times_of(looks, planned) if planned is not None else []
        return (yield from _beyond_boundary(analysis, asked, times))
    is_there = bool(looks) and looks[-1] >= planned if planned is not None else is_over
    if analysis.method == "fixed":
        p_values = {pair: found.fixed.p_value for pair, found in asked.items()}
        return _below(analysis, p_values) if is_there else frozenset()
    doubts = {pair: _doubt(found) for pair, found in asked.items()}
    return _below(analysis, doubts) if is_there or is_over else frozenset()


def tested(definition: Definition, compared: Mapping[Pair, Compared]) -> dict[Pair, Compared]:
    """Leave out the guardrails."""
    guardrails = {plan.key for plan in definition.metrics if plan.role == "guardrail"}
    return {pair: found for pair, found in compared.items() if pair[0] not in guardrails}


def times_of(looks: Sequence[int], planned: int) -> list[float]:
    """Turn units at each look into shares of those planned; the last look is the first with all of them."""
    times: list[float] = []
    for units in looks:
        time = min(1.0, units / planned)
        if time - (times[-1] if times else 0.0) >= LEAST_STEP:
            times.append(time)
    return times


def _below(analysis: Analysis, p_values: Mapping[Pair, float | None]) -> frozenset[Pair]:
    adjusted = adjust(p_values, analysis)
    return frozenset(pair for pair, p_value in adjusted.items() if p_value < analysis.alpha)


def _doubt(found: Compared) -> float | None:
    """Answer twice the chance that the arm that looks worse is the better one, as p-values are two-sided."""
    chance = found.belief.chance_to_win
    return None if chance is None else 2 * min(chance, 1 - chance)


def _beyond_boundary(
    analysis: Analysis, asked: Mapping[Pair, Compared], times: Sequence[float]
) -> Steps[frozenset[Pair]]:
    """Hold each statistic against the boundary of the latest look, with alpha shared out evenly."""
    if not times or not asked:
        return frozenset()
    share = 1 if analysis.correction == "none" else len(asked)
    bound = (yield from bounding(times, alpha=analysis.alpha / share)).z[-1]
    estimates = {pair: found.fixed for pair, found in asked.items()}
    return frozenset(
        pair
        for pair, found in estimates.items()
        if found.value is not None and found.error and abs(found.value / found.error) >= bound
    )
