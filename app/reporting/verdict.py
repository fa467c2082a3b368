"""What people are told: a call, why, and what was looked at first."""

from collections.abc import Iterator, Mapping
from math import ceil

import msgspec

from app.reporting.compare import Compared, Pair, n_star_of
from app.reporting.definition import Definition, MetricPlan
from app.reporting.report import Call, Check, Verdict
from app.stats.design import Design
from app.stats.guardrail import Kept, check_margin
from app.stats.midflight import units_needed
from app.stats.sample_ratio import MISMATCH_BELOW, SampleRatio

# More units with two arms than this blur the difference between the arms.
CROSSED_SHARE = 0.01
# A week has days that differ: nothing is shipped on fewer.
LEAST_DAYS = 7
# An arm that is shown to less than half as many of its units as another one is not shown to all it should be.
EXPOSED_SHARE, EXPOSED_FROM = 0.5, 100


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What a verdict rests on.

    `arms` are the units by arm, `exposed` those whose page reported what it showed, `complete` how many have
    closed windows, `compared` the comparisons of those. `days` have passed since the first unit came in.
    """

    arms: Mapping[str, int]
    exposed: Mapping[str, int]
    complete: int
    crossed: int
    days: float
    sample_ratio: SampleRatio
    always_valid_ratio: SampleRatio
    compared: Mapping[Pair, Compared]
    significant: frozenset[Pair]

    @property
    def units(self) -> int:
        """How many units there are."""
        return sum(self.arms.values())


def judge(definition: Definition, evidence: Evidence) -> Verdict:
    """Call what is broken broken, stop what does harm, and ship only what has won and was seen for a week."""
    ratio, crossed = _check_ratio(definition, evidence), _check_crossed(evidence)
    exposed, guardrails = _check_exposed(evidence), [*_check_guardrails(definition, evidence)]
    days, windows = _check_days(evidence), _check_windows(definition, evidence)
    checks = [ratio, crossed, exposed, *(check for _, check in guardrails), windows, days]
    checks.append(_check_method(definition))
    broken = "; ".join(check.detail for check in (ratio, crossed, exposed) if not check.ok)
    if broken:
        return Verdict("broken", None, broken, checks)
    harmed = "; ".join(check.detail for kept, check in guardrails if kept == "breached")
    if harmed:
        return Verdict("stop", None, harmed, checks)
    return _call(definition, evidence, checks)


def _call(definition: Definition, evidence: Evidence, checks: list[Check]) -> Verdict:
    if not evidence.units:
        return Verdict("keep_running", None, "no unit has been given an arm yet", checks)
    plan = next((plan for plan in definition.metrics if plan.role == "primary"), None)
    if plan is None or plan.measure is None:
        return Verdict("inconclusive", None, "there is no primary metric to judge by", checks)
    judge_by = _call_aa if definition.is_aa else _call_ab
    return judge_by(definition, plan, evidence, checks)


def _call_ab(definition: Definition, plan: MetricPlan, evidence: Evidence, checks: list[Check]) -> Verdict:
    won, lost = _decided(plan, evidence)
    undecided = [check.detail for check in checks if check.check == "guardrail" and not check.ok]
    if won is not None and not undecided and evidence.days >= LEAST_DAYS:
        return Verdict("ship", won, f"{won} is significantly better in {plan.key}", checks)
    if lost:
        return Verdict(
            "stop", None, f"every arm is significantly worse than the baseline in {plan.key}", checks
        )
    if _is_over(definition, evidence):
        found = f"{won} is better in {plan.key}, but {'; '.join(undecided)}" if won and undecided else None
        return Verdict(
            "inconclusive", None, found or f"no difference in {plan.key} is called significant", checks
        )
    return Verdict("keep_running", None, _why_go_on(definition, plan, evidence, won, undecided), checks)


def _call_aa(definition: Definition, plan: MetricPlan, evidence: Evidence, checks: list[Check]) -> Verdict:
    """Take any difference between arms that are the same as a sign that something is wrong."""
    if any(key == plan.key for key, _ in evidence.significant):
        why = f"all arms are the same, and yet {plan.key} differs: look how units and events are logged"
        return Verdict("broken", None, why, checks)
    call: Call = "inconclusive" if _is_over(definition, evidence) else "keep_running"
    return Verdict(call, None, f"all arms are the same, and so is {plan.key}, as it should be", checks)


def _decided(plan: MetricPlan, evidence: Evidence) -> tuple[str | None, bool]:
    """Name the best of the arms that won, and tell whether all have lost."""
    sign = 1 if plan.better == "up" else -1
    found = {arm: one for (key, arm), one in evidence.compared.items() if key == plan.key}
    gains = {
        arm: sign * one.fixed.value
        for arm, one in found.items()
        if one.fixed.value is not None and (plan.key, arm) in evidence.significant
    }
    won = max((arm for arm, gain in gains.items() if gain > 0), key=lambda arm: gains[arm], default=None)
    return won, bool(found) and len(gains) == len(found) and all(gain < 0 for gain in gains.values())


def _is_over(definition: Definition, evidence: Evidence) -> bool:
    planned = definition.analysis.planned_units
    if definition.ended:
        return evidence.complete >= evidence.units
    return planned is not None and evidence.complete >= planned


def _why_go_on(
    definition: Definition, plan: MetricPlan, evidence: Evidence, won: str | None, undecided: list[str]
) -> str:
    if won is not None and undecided:
        return f"{won} is ahead in {plan.key}, but {'; '.join(undecided)}"
    if won is not None:
        left = ceil(LEAST_DAYS - evidence.days)
        return f"{won} is ahead in {plan.key}; a week has to pass first: {left} more days"
    if definition.ended:
        return "no more units come in, but some windows are still open"
    needed = _needed(definition, plan, evidence)
    if needed is None:
        return f"{evidence.complete} of {evidence.units} units are complete, and nothing is significant"
    more = max(0, needed - evidence.complete)
    rate = evidence.units / max(1.0, evidence.days)
    days = ceil(more / rate) if rate else 0
    return f"{more:,} more units needed at this rate: about {days} {'day' if days == 1 else 'days'}"


def _needed(definition: Definition, plan: MetricPlan, evidence: Evidence) -> int | None:
    """Tell how many complete units it takes: as many as are planned, else what the wanted effect needs."""
    analysis = definition.analysis
    if analysis.planned_units is not None:
        return analysis.planned_units
    if analysis.mde is None:
        return None
    n_star = n_star_of(analysis) if analysis.method == "always_valid" else None
    design = Design(alpha=analysis.alpha)
    needs = [
        units_needed(one.control, one.treatment, analysis.mde, design=design, n_star=n_star, relative=True)
        for (key, _), one in evidence.compared.items()
        if key == plan.key
    ]
    return max((need for need in needs if need is not None), default=None)


def _check_ratio(definition: Definition, evidence: Evidence) -> Check:
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


def _check_crossed(evidence: Evidence) -> Check:
    return Check(
        "crossed_units",
        ok=evidence.crossed <= CROSSED_SHARE * evidence.units,
        detail=f"{evidence.crossed} of {evidence.units} units were given more than one arm"
        f" (at most {CROSSED_SHARE:.0%} may be)",
    )


def _check_exposed(evidence: Evidence) -> Check:
    """See that where pages report what they show, they do so for every arm."""
    shares = {
        arm: evidence.exposed.get(arm, 0) / units
        for arm, units in evidence.arms.items()
        if units >= EXPOSED_FROM
    }
    most = max(shares.values(), default=0.0)
    if not most:
        return Check("exposures", ok=True, detail="no page reports what it shows")
    missing = [arm for arm, share in shares.items() if share < EXPOSED_SHARE * most]
    told = ", ".join(f"{arm} was shown to {share:.0%} of its units" for arm, share in shares.items())
    if missing:
        told += f": look whether pages show {', '.join(missing)}, and report it with $exposure"
    return Check("exposures", ok=not missing, detail=told)


def _check_guardrails(definition: Definition, evidence: Evidence) -> Iterator[tuple[Kept, Check]]:
    for plan in definition.metrics:
        if plan.role == "guardrail" and plan.measure is not None:
            for (key, arm), found in evidence.compared.items():
                if key == plan.key:
                    yield _check_guardrail(plan, arm, found)


def _check_guardrail(plan: MetricPlan, arm: str, found: Compared) -> tuple[Kept, Check]:
    """Hold an arm against what of a guardrail may be lost, as a share of the baseline, at every look."""
    margin = plan.margin or 0.0
    interval = found.always_valid_relative.interval
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


def _check_windows(definition: Definition, evidence: Evidence) -> Check:
    days = definition.window.total_seconds() / 86_400
    return Check(
        "units_complete",
        ok=evidence.complete == evidence.units,
        detail=f"{evidence.complete} of {evidence.units} units have been observed for {days:g} days",
    )


def _check_days(evidence: Evidence) -> Check:
    detail = f"the first unit came in {evidence.days:.1f} days ago (at least {LEAST_DAYS} have to pass)"
    return Check("a_week", ok=evidence.days >= LEAST_DAYS, detail=detail)


def _check_method(definition: Definition) -> Check:
    analysis = definition.analysis
    if analysis.method != "always_valid" and analysis.planned_units is None:
        detail = f"{analysis.method} without planned_units calls nothing while the experiment runs"
        return Check("method", ok=False, detail=detail)
    said = {
        "always_valid": "confidence sequences hold however often one looks",
        "fixed": "tested once, when all planned units are complete",
        "group_sequential": "alpha is spent by and by, one look a day",
        "bayesian": "believed once all planned units are complete",
    }
    return Check("method", ok=True, detail=said[analysis.method])
