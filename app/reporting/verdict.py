"""What people are told: a call, why, and what was looked at first."""

import msgspec

from app.reporting.compare import Pair
from app.reporting.definition import Definition
from app.reporting.report import Call, Check, Verdict
from app.stats.sample_ratio import MISMATCH_BELOW, SampleRatio

# More units with two arms than this blur the difference between the arms.
CROSSED_SHARE = 0.01


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What a verdict rests on. `arms` are the units by arm; `complete` units have closed windows."""

    arms: dict[str, int]
    complete: int
    crossed: int
    sample_ratio: SampleRatio
    significant: frozenset[Pair]

    @property
    def units(self) -> int:
        """How many units there are."""
        return sum(self.arms.values())


def judge(definition: Definition, evidence: Evidence) -> Verdict:
    """Call what is broken broken, and what is unfinished unfinished.

    An arm is never recommended by this version: a difference is for people to weigh.
    """
    ratio, crossed = _check_ratio(definition, evidence), _check_crossed(evidence)
    checks = [ratio, crossed, _check_windows(definition, evidence), _check_method(definition)]
    broken = "; ".join(check.detail for check in (ratio, crossed) if not check.ok)
    if broken:
        return Verdict("broken", None, broken, checks)
    call, why = _call(definition, evidence)
    return Verdict(call, None, why, checks)


def _call(definition: Definition, evidence: Evidence) -> tuple[Call, str]:
    planned = definition.analysis.planned_units
    if not evidence.units:
        return "keep_running", "no unit has been given an arm yet"
    if planned is not None and evidence.complete >= planned:
        return "inconclusive", f"all {planned} planned units are complete; {_found(evidence)}"
    if not definition.ended:
        if planned is None:
            return "keep_running", f"{evidence.complete} units are complete, and no number was planned"
        return "keep_running", f"{evidence.complete} of {planned} planned units are complete"
    if evidence.complete < evidence.units:
        return "keep_running", "no more units come in, but some windows are still open"
    return "inconclusive", f"no more units come in; {_found(evidence)}"


def _found(evidence: Evidence) -> str:
    differing = ", ".join(f"{arm} in {metric}" for metric, arm in sorted(evidence.significant))
    found = f"significantly different: {differing}" if differing else "no difference is called significant"
    return f"{found}; this version recommends no arm"


def _check_ratio(definition: Definition, evidence: Evidence) -> Check:
    p_value = evidence.sample_ratio.p_value
    if p_value is None:
        return Check("sample_ratio", ok=True, detail="no unit yet")
    whole = sum(definition.shares.values())
    sizes = ", ".join(
        f"{arm} has {units} where {evidence.units * definition.shares.get(arm, 0) / whole:.0f} were promised"
        for arm, units in evidence.arms.items()
    )
    sign = "below" if evidence.sample_ratio.mismatch else "not below"
    detail = f"{sizes} (p = {p_value:.3g}, {sign} {MISMATCH_BELOW})"
    return Check("sample_ratio", ok=not evidence.sample_ratio.mismatch, detail=detail)


def _check_crossed(evidence: Evidence) -> Check:
    return Check(
        "crossed_units",
        ok=evidence.crossed <= CROSSED_SHARE * evidence.units,
        detail=f"{evidence.crossed} of {evidence.units} units were given more than one arm"
        f" (at most {CROSSED_SHARE:.0%} may be)",
    )


def _check_windows(definition: Definition, evidence: Evidence) -> Check:
    days = definition.window.total_seconds() / 86_400
    return Check(
        "units_complete",
        ok=evidence.complete == evidence.units,
        detail=f"{evidence.complete} of {evidence.units} units have been observed for {days:g} days",
    )


def _check_method(definition: Definition) -> Check:
    method = definition.analysis.method
    if method == "fixed":
        return Check("method", ok=True, detail="conversions are tested at a fixed number of units")
    detail = f"this version does not figure {method}, so nothing is called significant"
    return Check("method", ok=False, detail=detail)
