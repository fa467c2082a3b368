"""How long an experiment has to run, from the traffic and the figures that others have had."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, isclose, sqrt

import asyncpg
import msgspec

from app.engine.model import Document
from app.reporting.compare import sample_of
from app.reporting.counting import Counted, count
from app.reporting.definition import Definition, define
from app.reporting.measure import Measure, measure_of
from app.reporting.question import Question
from app.reporting.rollup import is_summed
from app.stats.design import Design
from app.stats.midflight import detectable_effect, units_needed
from app.stats.power_of_proportions import size_for_proportions
from app.stats.sample import Sample

# Traffic is that of so many whole days before today.
SEEN_DAYS = 14
WEEKS = (1, 2, 3, 4, 6, 8)
LEAST_DAYS, MOST_DAYS = 7, 56


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is planned. `effect` is relative; what is None is taken from what was seen."""

    metric: str
    placements: Sequence[str]
    effect: float
    arms: int = 2
    traffic: float = 100
    alpha: float = 0.05
    power: float = 0.8
    always_valid: bool = True
    mean: float | None = None
    deviation: float | None = None
    units_per_day: float | None = None


@dataclass(frozen=True, slots=True)
class Detectable:
    """What relative effect so many days would find with the power that was asked for."""

    days: int
    units: int
    effect: float | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What it takes: `units` over all arms, and the days in which they come in, at `units_per_day`.

    After `window_days` more the last of them has been observed for as long as the metric looks.
    `baseline_of` and `traffic_of` name the experiment that a figure was taken from, null where it was said.
    """

    units: int
    units_per_arm: int
    days: int
    window_days: float
    units_per_day: float
    mean: float
    deviation: float
    baseline_of: str | None
    traffic_of: str | None
    detectable: list[Detectable]
    warnings: list[str]


class NothingSeenError(LookupError):
    """What is needed was not said, and nothing like it was seen. `field` names what to say."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class _Seen(msgspec.Struct, frozen=True):
    """An experiment of the site, and what was counted of it."""

    definition: Definition
    counted: Counted
    traffic: float


async def plan(
    connection: asyncpg.Connection, site_id: int, document: Document, wish: Wish, now: datetime
) -> Plan:
    """Plan an experiment.

    Raises:
        NothingSeenError: traffic or baseline are neither said nor known.

    """
    seen = [one async for one in _seen(connection, site_id, document, now)]
    near = [one for one in seen if set(one.definition.placements or ()) & set(wish.placements)]
    traffic_of, per_day = _traffic(near, wish, now)
    baseline_of, baseline = _baseline(seen, wish)
    units = _units(wish, baseline)
    days = ceil(units / per_day)
    return Plan(
        units=units,
        units_per_arm=ceil(units / wish.arms),
        days=days,
        window_days=_window_days(document, wish.metric),
        units_per_day=per_day,
        mean=baseline.mean or 0.0,
        deviation=sqrt(baseline.variance or 0.0),
        baseline_of=baseline_of,
        traffic_of=traffic_of,
        detectable=[_detectable(wish, baseline, per_day, 7 * weeks) for weeks in WEEKS],
        warnings=[*_overlaps(document, wish), *_lengths(days)],
    )


async def _seen(
    connection: asyncpg.Connection, site_id: int, document: Document, now: datetime
) -> AsyncIterator[_Seen]:
    for experiment in document.experiments:
        definition = define(document, experiment.key)
        if definition is not None and await is_summed(connection, site_id, definition):
            question = Question(site_id=site_id, experiment=experiment.key)
            counted = await count(connection, definition, question, now)
            yield _Seen(definition, counted, experiment.traffic)


def _traffic(near: Sequence[_Seen], wish: Wish, now: datetime) -> tuple[str | None, float]:
    """Tell how many new units a day would come in, from the experiment that has had the most."""
    if wish.units_per_day is not None:
        return None, wish.units_per_day * wish.traffic / 100
    rates = {one.definition.key: _per_day(one, now) * wish.traffic / 100 for one in near}
    best = max(rates, key=lambda key: rates[key], default=None)
    if best is None or not rates[best]:
        where = ", ".join(wish.placements)
        raise NothingSeenError(
            "units_per_day", f"no experiment has had units on {where} lately: say how many come"
        )
    return best, rates[best]


def _per_day(seen: _Seen, now: datetime) -> float:
    """Tell how many units came in each day, also those without any, since the first that had some lately."""
    since, today = (now - timedelta(days=SEEN_DAYS)).date(), now.date()
    lately = {day: units for day, units in seen.counted.by_day.items() if units and since <= day < today}
    if not lately or not seen.traffic:
        return 0.0
    return sum(lately.values()) / (today - min(lately)).days * 100 / seen.traffic


def _baseline(seen: Sequence[_Seen], wish: Wish) -> tuple[str | None, Sample]:
    """Tell how units do without the change, from the largest experiment that is judged by the metric."""
    if wish.mean is not None:
        mean, deviation = wish.mean, wish.deviation
        variance = mean * (1 - mean) if deviation is None else deviation * deviation
        return None, Sample(1, mean, variance)
    judged = [one for one in seen if wish.metric in one.definition.measures and one.counted.everyone.units]
    if not judged:
        raise NothingSeenError("mean", f"no experiment has measured {wish.metric} yet: say what its mean is")
    largest = max(judged, key=lambda one: one.counted.everyone.units)
    control = next(iter(largest.counted.everyone.joints_of(wish.metric).values()))
    sample = sample_of(largest.definition.measures[wish.metric], control)
    if not sample.mean or not sample.variance:
        raise NothingSeenError(
            "mean", f"units of {largest.definition.key} have not done anything for {wish.metric} yet"
        )
    return largest.definition.key, sample


def _units(wish: Wish, baseline: Sample) -> int:
    """Tell how many units all arms take together: each as many as a comparison of two needs."""
    design = Design(alpha=wish.alpha, power=wish.power)
    mean, variance = baseline.mean or 0.0, baseline.variance or 0.0
    treated = mean * (1 + wish.effect)
    if not wish.always_valid and isclose(variance, mean * (1 - mean)) and 0 < treated < 1:
        return wish.arms * ceil(size_for_proportions(mean, treated, design=design))
    pair = (Sample(1, mean, variance), Sample(1, mean, variance))
    needed = units_needed(*pair, wish.effect, design=design, relative=True)
    if wish.always_valid and needed is not None:
        # Tightest where it means to end, as the experiment's own `planned_units` would make it.
        needed = units_needed(*pair, wish.effect, design=design, n_star=needed, relative=True)
    if needed is None:
        raise NothingSeenError("effect", "no number of units that anybody has would find so small an effect")
    return ceil(needed / 2) * wish.arms


def _detectable(wish: Wish, baseline: Sample, per_day: float, days: int) -> Detectable:
    units = int(per_day * days)
    each = Sample(max(1, units // wish.arms), baseline.mean, baseline.variance)
    design = Design(alpha=wish.alpha, power=wish.power)
    n_star = float(max(1, 2 * each.units)) if wish.always_valid else None
    effect = detectable_effect(each, each, design=design, n_star=n_star, relative=True)
    return Detectable(days, units, effect)


def _window_days(document: Document, key: str) -> float:
    measures = (measure_of(metric, document) for metric in document.metrics if metric.key == key)
    return next((each.window / timedelta(days=1) for each in measures if isinstance(each, Measure)), 0.0)


def _overlaps(document: Document, wish: Wish) -> Iterator[str]:
    """Name the tests that run on the same placements, also those that nobody is in yet."""
    for experiment in document.experiments:
        spanned = {placement for arm in experiment.arms for placement in arm.variants}
        shared = ", ".join(sorted(spanned & set(wish.placements)))
        if experiment.status == "running" and shared:
            in_group = experiment.exclusion_group
            group = f" (exclusion group {in_group.key})" if in_group is not None else ""
            yield f"{experiment.key}{group} runs on {shared} too: many units will be in both"


def _lengths(days: int) -> Iterator[str]:
    if days < LEAST_DAYS:
        yield f"run it for {LEAST_DAYS} days all the same: the days of a week differ"
    if days > MOST_DAYS:
        yield f"it takes {days} days: a larger effect, more traffic or another metric would be sooner"
