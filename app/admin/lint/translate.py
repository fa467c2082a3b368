"""From a document to terms: segments are put in where they are named, stages become what they rest on."""

from collections.abc import Hashable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

from app.admin.lint.hours import comes_between
from app.admin.lint.terms import (
    ALWAYS,
    NEVER,
    All,
    Asks,
    Granted,
    HeldOut,
    Idle,
    InStage,
    InWindow,
    No,
    Opaque,
    Since,
    Term,
    one_of,
)
from app.engine.conditions import compile_condition
from app.engine.conjuncts import identity_of
from app.engine.event_attributes import normalized
from app.engine.instants import microseconds_of
from app.engine.model import Condition, Document, Journey, Rule, Schedule, Segment, Stage, WeeklyWindow
from app.engine.named import primary_journey_of
from app.engine.places import has_operators
from app.engine.references import resolution_of
from app.engine.schedule import minutes_of
from app.engine.stages import decay_of

T = TypeVar("T", Journey, Segment)

_DAY_MINUTES = 24 * 60
# Each asks for one value, which an array of names is not.
_OF_ONE_VALUE = frozenset(
    ("$lt", "$lte", "$gt", "$gte", "$regex", "$regexi", "$before", "$after", "$veq", "$vne", "$vlt", "$vlte")
).union(("$vgt", "$vgte"))


class Translation:
    """The terms of one sound document, for visitors from an instant on; of what is asked twice, the same."""

    def __init__(self, document: Document, earliest: datetime) -> None:
        self.document = document
        self.earliest = earliest
        self.journeys = {journey.key: journey for journey in document.journeys}
        self.primary = primary_journey_of(document)
        self._segments = {segment.key: segment for segment in document.segments}
        self._of_rules: dict[str, Term] = {}
        self._of_stages: dict[tuple[str, str], Term] = {}
        self._asks: dict[Hashable, Asks] = {}
        # Each comes after those that it names.
        self._of_segments: dict[str, Term] = {}
        for key in _in_order(document):
            self._of_segments[key] = self.of_condition(self._segments[key].condition)

    def of_rule(self, rule: Rule) -> Term:
        """Say when a rule addresses a visitor: its audience, schedule, consent, and the holdout."""
        if rule.key not in self._of_rules:
            parts = [self.of_audience(rule), *map(Granted, rule.consent)]
            if rule.schedule is not None:
                parts.append(self.of_schedule(rule.schedule))
            if self.document.holdout.percent and not rule.in_holdout:
                parts.append(No(HeldOut()))
            self._of_rules[rule.key] = All(tuple(parts))
        return self._of_rules[rule.key]

    def of_audience(self, rule: Rule) -> Term:
        """Say whom a rule addresses."""
        audience, parts = rule.audience, [self.of_condition(rule.audience.condition)]
        if audience.stages:
            parts.append(self._named("stage", "$in", audience.stages))
        if audience.segments:
            parts.append(self._named("segments", "$in", audience.segments))
        if audience.not_segments:
            parts.append(self._named("segments", "$nin", audience.not_segments))
        return All(tuple(parts))

    def of_condition(self, condition: Condition) -> Term:
        """Say when a condition holds."""
        return All(tuple(self._entry(key, value) for key, value in condition.items()))

    def of_segment(self, key: str) -> Term:
        """Say who is in a segment; in one that there is not, nobody."""
        return self._of_segments.get(key, NEVER)

    def of_stage(self, journey: Journey, stage: Stage) -> Term:
        """Say what must be true of whoever stands in a stage; how they once came there is left open."""
        if (journey.key, stage.key) not in self._of_stages:
            self._of_stages[journey.key, stage.key] = self._stage(journey, stage)
        return self._of_stages[journey.key, stage.key]

    def enters(self, stage: Stage) -> Term:
        """Say who is let into a stage, wherever they stood before."""
        if stage.when is None:
            return NEVER
        return All((self.of_condition(stage.when), No(_decayed(stage))))

    def of_schedule(self, schedule: Schedule) -> Term:
        """Say when a schedule is in force."""
        if schedule.ends_at is not None and not self.comes(schedule, self.earliest):
            return NEVER
        parts: list[Term] = []
        if schedule.starts_at is not None:
            parts.append(Since(microseconds_of(schedule.starts_at)))
        if schedule.ends_at is not None:
            parts.append(No(Since(microseconds_of(schedule.ends_at))))
        if schedule.windows:
            parts.append(self._windows_of(schedule))
        return All(tuple(parts))

    def comes(self, schedule: Schedule, start: datetime | None) -> bool:
        """Whether a schedule that ends is in force at some instant from this one on."""
        starts = [at for at in (start, schedule.starts_at) if at is not None]
        if schedule.ends_at is None or not starts or not schedule.windows:
            return schedule.ends_at is None or all(at < schedule.ends_at for at in starts)
        return comes_between(self._windows_of(schedule), max(starts), schedule.ends_at)

    def _windows_of(self, schedule: Schedule) -> InWindow:
        spans = sorted({span for window in schedule.windows for span in _spans_of(window)})
        return InWindow(schedule.timezone or self.document.site.timezone, tuple(spans))

    def _stage(self, journey: Journey, stage: Stage) -> Term:
        above = stages_above_first(journey)
        if stage.key == journey.stages[0].key:
            return All(tuple(No(self.enters(other)) for other in above))
        if stage not in above:
            return NEVER
        higher = above[: above.index(stage)]
        return All((self._holds(stage), *(No(self.enters(other)) for other in higher)))

    def _holds(self, stage: Stage) -> Term:
        if stage.min_dwell_s:
            # Within the dwell it holds whatever the visitor does.
            return ALWAYS
        held = [
            self.of_condition(condition) for condition in (stage.when, stage.stay) if condition is not None
        ]
        return All((one_of(held), No(_decayed(stage))))

    def _entry(self, key: str, value: Any) -> Term:
        match key:
            case "$and":
                return All(tuple(self.of_condition(inner) for inner in value))
            case "$or":
                # An empty $or holds.
                return one_of(self.of_condition(inner) for inner in value) if value else ALWAYS
            case "$nor":
                return No(one_of(self.of_condition(inner) for inner in value))
            case "$not":
                return No(self.of_condition(value))
        return self._operators(normalized(key), value if has_operators(value) else {"$eq": value})

    def _operators(self, path: tuple[str, ...], operators: Mapping[str, Any]) -> Term:
        return All(
            tuple(
                No(self._operators(path, operand))
                if operator == "$not"
                else self._one(path, operator, operand)
                for operator, operand in operators.items()
            )
        )

    def _one(self, path: tuple[str, ...], operator: str, operand: Any) -> Term:
        match path:
            case ("segments",):
                return self._of_names(operator, operand)
            case ("stage",):
                return self._of_stage_name(self.primary, operator, operand)
            case ("stages", journey) if journey in self.journeys:
                return self._of_stage_name(self.journeys[journey], operator, operand)
        return self._asked(path, operator, operand)

    def _asked(self, path: tuple[str, ...], operator: str, operand: object) -> Asks:
        identity = identity_of((path, operator, operand))
        if identity not in self._asks:
            holds = compile_condition({"x": {operator: operand}})
            self._asks[identity] = Asks(path, operator, operand, identity, holds)
        return self._asks[identity]

    def _named(self, path: str, operator: str, names: tuple[str, ...]) -> Term:
        return self._one((path,), operator, list(names))

    def _of_stage_name(self, journey: Journey | None, operator: str, operand: Any) -> Term:
        """Ask the engine which of the stages suit."""
        holds = compile_condition({"x": {operator: operand}})
        if journey is None:
            return ALWAYS if holds({}) else NEVER
        return one_of(InStage(journey.key, stage.key) for stage in journey.stages if holds({"x": stage.key}))

    def _of_names(self, operator: str, operand: Any) -> Term:
        """Ask for the segments that a visitor is in, which are an array of names."""
        fold = operator.endswith("i")
        term: Term = Opaque(identity_of(("segments", operator, operand)))
        match operator:
            case "$in" | "$ini":
                term = one_of(self._alike(operand, fold=fold))
            case "$nin" | "$nini":
                term = No(one_of(self._alike(operand, fold=fold)))
            case "$all" | "$alli":
                term = All(tuple(one_of(self._alike([name], fold=fold)) for name in operand))
            case "$exists" | "$type":
                term = ALWAYS if operand in (True, "array") else NEVER
            case "$eq" | "$ne" if not isinstance(operand, (list, tuple)):
                term = NEVER if operator == "$eq" else ALWAYS
            case _ if operator in _OF_ONE_VALUE:
                term = NEVER
        return term

    def _alike(self, names: list[Any], *, fold: bool) -> list[Term]:
        """List the segments of these names; with `fold`, in whatever case."""
        if not fold:
            return [self.of_segment(name) for name in names if type(name) is str]
        wanted = {name.casefold() for name in names if type(name) is str}
        # One that is named in another case alone may come after, or be the one that names it.
        alike = [key for key in self._segments if key.casefold() in wanted]
        return [self._of_segments.get(key, Opaque(identity_of(("segment", key)))) for key in alike]


def _in_order(document: Document) -> Iterator[str]:
    """List the segments, each after those that it names."""
    keys = {f"/segments/{i}": segment.key for i, segment in enumerate(document.segments)}
    return (keys[pointer] for pointer in resolution_of(document).order if pointer in keys)


def stages_above_first(journey: Journey) -> list[Stage]:
    """List the stages above the one that always holds, highest precedence first: no other is ever reached."""
    places = {stage.key: place for place, stage in enumerate(journey.stages)}

    def precedence(stage: Stage) -> float:
        return float(places[stage.key]) if stage.precedence is None else stage.precedence

    ranked = sorted(journey.stages, key=precedence, reverse=True)
    return ranked[: next(i for i, stage in enumerate(ranked) if stage.key == journey.stages[0].key)]


def _decayed(stage: Stage) -> Term:
    decay_ms = decay_of(stage.decay_after_days)
    return NEVER if decay_ms is None else Idle(decay_ms)


def _spans_of(window: WeeklyWindow) -> list[tuple[int, int]]:
    start, end = minutes_of(window.start), minutes_of(window.end)
    spans = []
    for day in window.days:
        midnight = (day - 1) * _DAY_MINUTES
        if start < end:
            spans.append((midnight + start, midnight + end))
        else:
            tomorrow = day % 7 * _DAY_MINUTES
            spans += [(midnight + start, midnight + _DAY_MINUTES), (tomorrow, tomorrow + end)]
    return spans
