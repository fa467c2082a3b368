"""What is looked at before a verdict is called, each with what was found."""

from collections.abc import Iterator

from app.reporting.definition import Definition, MetricPlan
from app.reporting.evidence import Evidence
from app.reporting.report import Check
from app.reporting.significance import times_of
from app.stats.estimate import Interval
from app.stats.guardrail import Kept, check_margin
from app.stats.sample_ratio import MISMATCH_BELOW
from app.stats.spending import spent_at

# More units with two arms than this blur the difference between the arms.
CROSSED_SHARE = 0.01
# A week has days that differ: nothing is shipped on fewer.
LEAST_DAYS = 7
# An arm that is shown to less than half as many of its units as another one is not shown to all it should be.
EXPOSED_SHARE, EXPOSED_FROM = 0.5, 100


def check_ratio(definition: Definition, evidence: Evidence) -> Check:
    """Hold the arms' sizes against their weights."""
    p_value, always = evidence.sample_ratio.p_value, evidence.always_valid_ratio
    if p_value is None:
        return Check("sample_ratio", ok=True, detail="no unit yet")
    whole = sum(definition.shares.values())
    sizes = ", ".join(
        f"{arm} has {units} where {evidence.units * definition.shares.get(arm, 0) / whole:.0f} were promised"
        for arm, units in evidence.arms.items()
    )
    mismatch = evidence.sample_ratio.mismatch or always.mismatch
    sign = "below" if mismatch else "not below"
    detail = f"{sizes} (p = {p_value:.3g}, {sign} {MISMATCH_BELOW})"
    if mismatch:
        detail += (
            ": look for what keeps units of one arm from being logged, such as redirects, bots or errors"
        )
    return Check("sample_ratio", ok=not mismatch, detail=detail)


def check_crossed(evidence: Evidence) -> Check:
    """See that hardly any unit has more than one arm."""
    return Check(
        "crossed_units",
        ok=evidence.crossed <= CROSSED_SHARE * evidence.units,
        detail=f"{evidence.crossed} of {evidence.units} units were given more than one arm"
        f" (at most {CROSSED_SHARE:.0%} may be)",
    )


def check_exposed(evidence: Evidence) -> Check:
    """See that where pages report what they show, they do so for every arm."""
    shares = {
        arm: evidence.exposed.get(arm, 0) / units
        for arm, units in evidence.assigned.items()
        if units >= EXPOSED_FROM
    }
    if not any(evidence.exposed.values()):
        return Check("exposures", ok=True, detail="no page reports what it shows")
    if not shares:
        return Check("exposures", ok=True, detail=f"no arm has {EXPOSED_FROM} units yet")
    most = max(shares.values())
    missing = [arm for arm, share in shares.items() if share < EXPOSED_SHARE * most]
    told = ", ".join(f"{arm} was shown to {share:.0%} of its units" for arm, share in shares.items())
    if missing:
        told += f": look whether pages show {', '.join(missing)}, and report it with $exposure"
    return Check("exposures", ok=not missing, detail=told)


def check_guardrails(definition: Definition, evidence: Evidence) -> Iterator[tuple[Kept, Check]]:
    """Hold every arm against what of each guardrail may be lost."""
    planned = definition.planned
    # At its planned size a fixed test is made once, and so is this; until then one looks at every look.
    is_last = planned is not None and evidence.complete >= planned and definition.analysis.method == "fixed"
    for plan in definition.metrics:
        if plan.role == "guardrail" and plan.measure is not None:
            for (key, arm), found in evidence.compared.items():
                if key == plan.key:
                    estimate = found.relative if is_last else found.always_valid_relative
                    yield _check_guardrail(plan, arm, _upright(estimate.interval, found.control.whole))


def _upright(interval: Interval | None, whole: float | None) -> Interval | None:
    """See a change as a share of the baseline's size: of a mean below 0, less is less."""
    if interval is None or whole is None or whole > 0:
        return interval
    return -interval[1], -interval[0]


def _check_guardrail(plan: MetricPlan, arm: str, interval: Interval | None) -> tuple[Kept, Check]:
    margin = plan.margin or 0.0
    kept = check_margin(interval, margin=margin, better=plan.better)
    said = {
        "held": "loses no more than",
        "breached": "loses more than",
        "open": "may still lose more than",
    }[kept]
    change = "" if interval is None else f" (from {interval[0]:+.1%} to {interval[1]:+.1%})"
    # Without a margin to hold, only harm that is certain is against it.
    ok = kept == "held" or (kept == "open" and plan.margin is None)
    return kept, Check("guardrail", ok=ok, detail=f"{arm} {said} {margin:.1%} of {plan.key}{change}")


def check_windows(definition: Definition, evidence: Evidence) -> Check:
    """Tell how many units have been observed for as long as every metric looks."""
    days = definition.window.total_seconds() / 86_400
    return Check(
        "units_complete",
        ok=evidence.complete == evidence.units,
        detail=f"{evidence.complete} of {evidence.units} units have been observed for {days:g} days",
    )


def check_days(evidence: Evidence) -> Check:
    """See that a week has passed."""
    days = evidence.pace.days
    detail = f"units have come in for {days:.1f} days after the first (at least {LEAST_DAYS} have to pass)"
    return Check("a_week", ok=days >= LEAST_DAYS, detail=detail)


def check_method(definition: Definition, evidence: Evidence) -> Check:
    """Tell by what it is called, and how far that is."""
    analysis, planned = definition.analysis, definition.planned
    if analysis.method == "always_valid":
        return Check("method", ok=True, detail="confidence sequences hold however often one looks")
    if planned is None:
        detail = f"{analysis.method} without planned_units calls nothing while the experiment runs"
        return Check("method", ok=False, detail=detail)
    so_far = f"{min(evidence.complete, planned):,} of {planned:,}"
    said = {
        "fixed": f"tested once, when all planned units are complete: {so_far}",
        "group_sequential": "alpha is spent by and by, one look a day: "
        + _spent(definition, evidence, planned),
        "bayesian": f"believed once all planned units are complete: {so_far}",
    }
    return Check("method", ok=True, detail=said[analysis.method])


def _spent(definition: Definition, evidence: Evidence, planned: int) -> str:
    times, alpha = times_of(evidence.looks, planned), definition.analysis.alpha
    if not times:
        return f"none of {alpha:g} yet"
    spent = spent_at(times[-1], alpha=alpha)
    return f"{spent:.2g} of {alpha:g} at look {len(times)}, with {times[-1]:.0%} of the planned units"
