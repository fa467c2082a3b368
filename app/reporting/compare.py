"""Every arm against the baseline, by every metric that is measured."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from app.engine.model import Analysis
from app.reporting.definition import Definition
from app.reporting.tally import Tally
from app.stats.aggregates import Aggregate
from app.stats.corrections import benjamini_hochberg, holm
from app.stats.difference import Difference, difference_of
from app.stats.proportions import compare_proportions

# A metric, and the arm that is compared with the baseline.
Pair = tuple[str, str]

_CORRECTIONS: Mapping[str, Callable[[Sequence[float]], list[float]]] = {
    "none": list,
    "holm": holm,
    "benjamini_hochberg": benjamini_hochberg,
}


def compare_all(definition: Definition, tally: Tally) -> dict[Pair, Difference]:
    """Compare every arm with the first listed one; conversions are tested, other metrics only subtracted."""
    compared = {}
    for plan in definition.metrics:
        if plan.metric is None or plan.measure is None:
            continue
        (_, control), *others = tally.aggregates_of(plan.key).items()
        for arm, treatment in others:
            compared[plan.key, arm] = _compare(plan.metric.kind, control, treatment, definition.analysis)
    return compared


def _compare(kind: str, control: Aggregate, treatment: Aggregate, analysis: Analysis) -> Difference:
    difference = difference_of(control, treatment)
    if kind != "conversion":
        return difference
    found = compare_proportions(control, treatment, alpha=analysis.alpha)
    return msgspec.structs.replace(difference, interval=found.interval, p_value=found.p_value)


def adjust(compared: Mapping[Pair, Difference], analysis: Analysis) -> dict[Pair, float]:
    """Correct the p-values of one experiment for how many of them there are."""
    p_values = {pair: found.p_value for pair, found in compared.items() if found.p_value is not None}
    corrected = _CORRECTIONS[analysis.correction](list(p_values.values()))
    return dict(zip(p_values, corrected, strict=True))


def significant_of(adjusted: Mapping[Pair, float], analysis: Analysis, units: int) -> frozenset[Pair]:
    """List the comparisons that a test at a fixed size calls significant; `units` have closed windows.

    Looking early would call too many, so nothing is significant before the planned units are there, nor by
    a method that this version does not figure.
    """
    if analysis.method != "fixed" or units < (analysis.planned_units or 0):
        return frozenset()
    return frozenset(pair for pair, p_value in adjusted.items() if p_value < analysis.alpha)
