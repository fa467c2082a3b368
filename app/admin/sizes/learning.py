"""How many units a test needs to learn anything: pure."""

from collections.abc import Iterator
from math import ceil
from statistics import NormalDist

import msgspec

from app.engine.model import Document, Experiment

POWER = 0.8
ALPHA = 0.05
DIFFERENCE = 0.05
ARMS = 2


class Need(msgspec.Struct, frozen=True):
    """So many units, by a rule in words; of an experiment where one addresses the segment."""

    units: int
    rule: str
    experiment: str | None = None


def units_needed(difference: float, *, arms: int = ARMS, alpha: float = ALPHA) -> int:
    """Answer `arms * ceil(2 p (1 - p) ((z(1 - alpha/2) + z(power)) / difference)^2)`, with p = 1/2.

    The usual size for two proportions compared, two-sided, with a power of 80 %; at 1/2 the variance is at
    its largest, so that it is enough for every share. Source: J. L. Fleiss, Statistical Methods for Rates and
    Proportions, chapter 4.
    """
    normal = NormalDist()
    z = normal.inv_cdf(1 - alpha / 2) + normal.inv_cdf(POWER)
    return arms * ceil(2 * 0.25 * (z / difference) ** 2)


def needs_by_segment(document: Document) -> dict[str, Need]:
    """Say for every segment what a test within it needs: the least of its experiments, else the default."""
    experiments = {experiment.key: experiment for experiment in document.experiments}
    shares = {metric.key for metric in document.metrics if metric.kind == "conversion"}
    found: dict[str, list[Need]] = {}
    for rule in document.rules:
        if rule.deliver.experiment is not None:
            for need in _needs_of(experiments[rule.deliver.experiment], shares):
                for segment in rule.audience.segments:
                    found.setdefault(segment, []).append(need)
    default = Need(units_needed(DIFFERENCE), _in_words(DIFFERENCE, ARMS, ALPHA))
    return {
        segment.key: min(found.get(segment.key, [default]), key=lambda need: need.units)
        for segment in document.segments
    }


def _needs_of(experiment: Experiment, shares: set[str]) -> Iterator[Need]:
    analysis, arms = experiment.analysis, len(experiment.arms)
    if analysis.planned_units is not None:
        yield Need(analysis.planned_units, "as many units as the experiment plans", experiment.key)
    elif analysis.mde is not None and experiment.primary_metric in shares:
        # What is compared with a share of 1 or more needs no test.
        difference = min(analysis.mde, 1.0)
        units = units_needed(difference, arms=arms, alpha=analysis.alpha)
        yield Need(units, _in_words(difference, arms, analysis.alpha), experiment.key)


def _in_words(difference: float, arms: int, alpha: float) -> str:
    return (
        f"a test of {arms} arms, with alpha {alpha:g} and a power of {POWER:.0%}, of a difference of"
        f" {difference:g} in a share of about a half needs so many units, all arms together"
    )
