"""What people are told: a call, and why."""

from math import ceil

from app.engine.arms import HOLDOUT, PERSONALIZED
from app.reporting.checks import (
    LEAST_DAYS,
    check_crossed,
    check_days,
    check_exposed,
    check_guardrails,
    check_method,
    check_ratio,
    check_windows,
)
from app.reporting.definition import Definition, MetricPlan
from app.reporting.evidence import Evidence
from app.reporting.outlook import days_of, outlook
from app.reporting.report import Call, Check, Verdict
from app.reporting.uplift import change_of, uplift_of


def judge(definition: Definition, evidence: Evidence) -> Verdict:
    """Call what is broken broken, stop what does harm, and ship only what has won and was seen for a week."""
    ratio, crossed = check_ratio(definition, evidence), check_crossed(evidence)
    exposed, guardrails = check_exposed(evidence), [*check_guardrails(definition, evidence)]
    checks = [ratio, crossed, exposed, *(check for _, check in guardrails)]
    checks += [check_windows(definition, evidence), check_days(evidence), check_method(definition, evidence)]
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
        why = "there is no primary metric to judge by"
        if definition.key == HOLDOUT:
            why += ": name what personalization is for in the holdout's `metrics`"
        return Verdict("inconclusive", None, why, checks)
    call_by = _call_aa if definition.is_aa else _call_ab
    call, arm, why = call_by(definition, plan, evidence, checks)
    if definition.key == HOLDOUT:
        found = evidence.compared[plan.key, PERSONALIZED]
        why = f"{uplift_of(definition, plan, found).said}, by those who are complete; {why}"
    return Verdict(call, arm, why, checks)


Called = tuple[Call, str | None, str]


def _call_ab(definition: Definition, plan: MetricPlan, evidence: Evidence, checks: list[Check]) -> Called:
    won, lost = _decided(plan, evidence)
    undecided = "; ".join(check.detail for check in checks if check.check == "guardrail" and not check.ok)
    if won is not None and not undecided and evidence.pace.days >= LEAST_DAYS:
        change = change_of(definition, evidence.compared[plan.key, won])
        return "ship", won, f"{won} is significantly better in {plan.key}{change}"
    if won is not None and not undecided and not definition.ended:
        left = days_of(ceil(LEAST_DAYS - evidence.pace.days))
        return "keep_running", None, f"{won} is ahead in {plan.key}; a week has to pass first: {left} more"
    if lost:
        return "stop", None, f"every arm is significantly worse than the baseline in {plan.key}"
    if _is_over(definition, evidence):
        return "inconclusive", None, _why_nothing(definition, plan, evidence, (won, undecided))
    if won is not None and undecided:
        return "keep_running", None, f"{won} is ahead in {plan.key}, but {undecided}"
    return "keep_running", None, outlook(definition, plan, evidence)


def _why_nothing(
    definition: Definition, plan: MetricPlan, evidence: Evidence, found: tuple[str | None, str]
) -> str:
    won, undecided = found
    if won is not None:
        return f"{won} is better in {plan.key}, but {undecided or 'units came in for less than a week'}"
    planned = definition.planned
    if planned is not None and evidence.complete < planned and definition.analysis.method == "fixed":
        return (
            f"it was stopped at {evidence.complete:,} of {planned:,} planned {definition.noun},"
            " and a test at a fixed size calls nothing on fewer"
        )
    return f"no difference in {plan.key} is called significant"


def _call_aa(definition: Definition, plan: MetricPlan, evidence: Evidence, _checks: list[Check]) -> Called:
    """Take any difference between arms that are the same as a sign that something is wrong."""
    if any(key == plan.key for key, _ in evidence.significant):
        why = f"all arms are the same, and yet {plan.key} differs: look how units and events are logged"
        return "broken", None, why
    call: Call = "inconclusive" if _is_over(definition, evidence) else "keep_running"
    return call, None, f"all arms are the same, and so is {plan.key}, as it should be"


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
