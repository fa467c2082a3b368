"""What is still missing before something can be called, in words."""

from math import ceil

from app.reporting.compare import n_star_of
from app.reporting.definition import Definition, MetricPlan
from app.reporting.evidence import Evidence
from app.stats.design import Design
from app.stats.midflight import units_needed


def outlook(definition: Definition, plan: MetricPlan, evidence: Evidence) -> str:
    """Tell how many more units it takes, and how long until they are in and have been observed."""
    if definition.ended:
        return "no more units come in, but some windows are still open"
    noun, needed = definition.noun, _needed(definition, plan, evidence)
    if needed is None:
        return (
            f"{evidence.complete:,} of {evidence.units:,} {noun} are complete, and nothing is significant yet"
        )
    if needed <= evidence.complete:
        return (
            f"the {needed:,} {noun} that the wanted effect takes are complete, and nothing is significant:"
            " what effect there is, is probably smaller"
        )
    if needed <= evidence.units:
        left = needed - evidence.complete
        return f"enough {noun} are in; {left:,} of them have still to be observed for {_window(definition)}"
    return _to_come(definition, evidence, needed - evidence.units)


def days_of(number: float) -> str:
    """Write down so many days."""
    return f"{number:g} {'day' if number == 1 else 'days'}"


def _to_come(definition: Definition, evidence: Evidence, more: int) -> str:
    noun = definition.noun if more > 1 else definition.noun.removesuffix("s")
    rate = evidence.pace.units_per_day
    if not rate:
        return f"{more:,} more {noun} needed, and none has come in for a week"
    said = f"{more:,} more {noun} needed at this rate: about {days_of(ceil(more / rate))}"
    return f"{said}, and {_window(definition)} to observe them" if definition.window else said


def _window(definition: Definition) -> str:
    return days_of(definition.window.total_seconds() / 86_400)


def _needed(definition: Definition, plan: MetricPlan, evidence: Evidence) -> int | None:
    """Tell how many complete units of all arms it takes: those planned, else what the wanted effect needs."""
    analysis = definition.analysis
    if analysis.planned_units is not None:
        return analysis.planned_units
    if analysis.mde is None:
        return None
    n_star = n_star_of(analysis) if analysis.method == "always_valid" else None
    design = Design(alpha=analysis.alpha)
    pairs = [one for (key, _), one in evidence.compared.items() if key == plan.key]
    # All that are compared: the baseline once, and each of the other arms.
    units = sum(one.treatment.units for one in pairs) + sum(one.control.units for one in pairs[:1])
    needs = []
    for one in pairs:
        pair = one.control, one.treatment
        need = units_needed(*pair, analysis.mde, design=design, n_star=n_star, relative=True)
        if need is not None:
            needs.append(ceil(need * units / sum(arm.units for arm in pair)))
    return max(needs, default=None)
