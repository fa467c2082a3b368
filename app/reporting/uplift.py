"""What an arm brings in words, and what personalization as a whole is worth."""

from collections.abc import Mapping

from app.engine.arms import HOLDOUT, PERSONALIZED
from app.reporting.compare import Compared, Pair
from app.reporting.definition import Definition, MetricPlan
from app.reporting.report import Uplift
from app.stats.estimate import Estimate, Interval


def uplifts_of(
    definition: Definition, compared: Mapping[Pair, Compared], units: Mapping[str, int]
) -> list[Uplift] | None:
    """Tell what personalization is worth to these units by each metric; None for any other experiment."""
    if definition.key != HOLDOUT:
        return None
    return [
        uplift_of(definition, plan, compared[plan.key, PERSONALIZED], units.get(PERSONALIZED, 0))
        for plan in definition.metrics
        if plan.measure is not None
    ]


def uplift_of(definition: Definition, plan: MetricPlan, found: Compared, units: int = 0) -> Uplift:
    """Tell what personalization is worth to each of so many units, and to all of them."""
    each, relative = found.always_valid, found.always_valid_relative
    # A ratio is none of any one unit, and does not add up over them.
    adds_up = plan.measure is not None and not plan.measure.is_ratio and each.value is not None
    return Uplift(
        metric=plan.key,
        per_unit=each.value,
        interval=each.interval,
        relative=relative.value,
        relative_interval=relative.interval,
        total=each.value * units if adds_up and each.value is not None else None,
        total_interval=_times(each.interval, units) if adds_up else None,
        said=_said(definition, plan, each, relative),
    )


def change_of(definition: Definition, found: Compared) -> str:
    """Tell by how much an arm differs from the baseline, with the interval that its method holds."""
    at_every_look = definition.analysis.method in {"always_valid", "group_sequential"}
    relative = found.always_valid_relative if at_every_look else found.relative
    if relative.value is None or relative.interval is None:
        return ""
    low, high = relative.interval
    return f": {relative.value:+.1%} (from {low:+.1%} to {high:+.1%})"


def _said(definition: Definition, plan: MetricPlan, each: Estimate, relative: Estimate) -> str:
    if each.value is None or each.interval is None:
        return f"too few {definition.noun} are there to tell what personalization brings in {plan.key}"
    low, high = each.interval
    is_ratio = plan.measure is not None and plan.measure.is_ratio
    per = "" if is_ratio else f" per {definition.noun.removesuffix('s')}"
    share = f", {relative.value:+.1%}" if relative.value is not None else ""
    bounds = f"{per} (from {low:+.3g} to {high:+.3g}){share}"
    if low <= 0 <= high:
        return f"personalization may change nothing in {plan.key}: {each.value:+.3g}{bounds}"
    more = "more" if each.value > 0 else "less"
    return f"personalization brings {abs(each.value):.3g} {more} {plan.key}{bounds}"


def _times(interval: Interval | None, units: int) -> Interval | None:
    return None if interval is None else (interval[0] * units, interval[1] * units)
