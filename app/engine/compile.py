"""From a document to a ruleset: checked once, so that evaluation cannot fail."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any, TypeVar, get_args, get_origin
from zoneinfo import ZoneInfo

import msgspec

from app.engine.bucketing import arm_bounds, share_bound
from app.engine.checks import check_document
from app.engine.conditions import Predicate, compile_condition
from app.engine.conjuncts import Conjunct
from app.engine.context import CLOCK
from app.engine.counters import DAY_MS, needs_of, signature_of
from app.engine.index import indexing
from app.engine.model import Cap, Condition, Document, Experiment, Journey, Rule, Site, Variant
from app.engine.named import primary_journey_of
from app.engine.names import locale_named
from app.engine.problems import Problem, Problems
from app.engine.reading import Reading
from app.engine.references import Resolution, resolving
from app.engine.ruleset import (
    CompiledCap,
    CompiledExperiment,
    CompiledGroup,
    CompiledPlacement,
    CompiledRule,
    CompiledVariant,
    Ruleset,
    Step,
)
from app.engine.segments import grouping
from app.engine.stages import CompiledJourney, CompiledStage, Timed, decay_of
from app.kit.origins import as_browsers_say
from app.kit.places import place_of
from app.kit.steps import Steps, each, finished, letting_go, sorting

T = TypeVar("T")

_ITEMS = {
    field.name: get_args(field.type)[0]
    for field in msgspec.structs.fields(Document)
    if get_origin(field.type) is tuple
}


def parse_document(document: Mapping[str, Any]) -> Document:
    """Turn plain JSON into a document with its defaults; raises Problems where a shape is wrong."""
    return finished(parsing(document))


def parsing(document: object) -> Steps[Document]:
    """Do what `parse_document` does, in steps."""
    if not isinstance(document, Mapping):
        return _converted(document, Document, "")
    fields: dict[str, Any] = {}
    for field, value in document.items():
        if field in _ITEMS and isinstance(value, (list, tuple)):
            items = []
            for i, item in enumerate(value):
                items.append(_converted(item, _ITEMS[field], f"/{field}/{i}"))
                yield
            fields[field] = tuple(items)
        else:
            fields[field] = getattr(_converted({field: value}, Document, ""), field)
    return Document(**fields)


def _converted(value: object, kind: type[T], pointer: str) -> T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        place, message = place_of(error)
        raise Problems([Problem(pointer + place, message)]) from error


def compile_ruleset(document: Document, revision: int) -> Ruleset:
    """Compile a document; raises Problems with everything that is wrong with it, each with its place."""
    return finished(compiling(document, revision))


def compiling(document: Document, revision: int, *, idle: bool = False) -> Steps[Ruleset]:
    """Do what `compile_ruleset` does, in steps.

    With `idle`, rules whose experiment does not run are kept, for those whose arm is forced.
    """
    reading = Reading()
    problems = []
    for finding in check_document(document, reading):
        if finding is not None:
            problems.append(finding)
        yield
    if problems:
        raise Problems(problems)
    ruleset = yield from _Compilation(document, reading, idle=idle).ruleset(revision)
    yield from reading.letting_go()
    return ruleset


class _Compilation:
    """A sound document on its way to a ruleset."""

    def __init__(self, document: Document, reading: Reading, *, idle: bool) -> None:
        self._document = document
        self._idle = idle
        self._reading = reading
        self._zone = ZoneInfo(document.site.timezone)
        self._groups = {group.key: group for group in document.exclusion_groups}
        self._running = _running_in_groups(document)
        self._experiments: dict[str, CompiledExperiment] = {}

    def ruleset(self, revision: int) -> Steps[Ruleset]:
        document = self._document
        primary = primary_journey_of(document)
        for experiment in document.experiments:
            self._experiments[experiment.key] = self._experiment(experiment)
            yield
        ranked = yield from self._ranked()
        resolution = yield from resolving(document)
        order, staging = yield from self._resolved(resolution)
        needs = needs_of(self._reading.paths)
        ruleset = Ruleset(
            revision=revision,
            site=_site(document.site),
            zone=self._zone,
            placements=(yield from _placements(document)),
            rules=(yield from each(self._rule, (rule for rule, _ in ranked))),
            index=(yield from indexing(ranked, self._zone)),
            order=order,
            staging=staging,
            reads_clock=not self._reading.paths.isdisjoint(CLOCK),
            primary_journey=primary.key if primary is not None else None,
            experiments=self._experiments,
            holdout=document.holdout,
            holdout_end=share_bound(document.holdout.percent),
            needs=needs,
            asked=signature_of(needs),
            timed=Timed.of(step for step in order if isinstance(step, CompiledJourney)),
        )
        yield from letting_go(ranked)
        return ruleset

    def _ranked(self) -> Steps[list[tuple[Rule, Sequence[Conjunct]]]]:
        """Put the rules that are asked in their order, each with the conjuncts of its condition."""
        asked = []
        for i, rule in enumerate(self._document.rules):
            if self._delivers(rule):
                asked.append((rule, self._reading.conjuncts_at(f"/rules/{i}/audience/condition")))
            yield
        return (yield from sorting(asked, key=lambda ruled: (-ruled[0].priority, ruled[0].key)))

    def _delivers(self, rule: Rule) -> bool:
        """Tell a rule that is asked from one that is off, or whose experiment has nothing to deliver."""
        experiment = self._experiments[rule.deliver.experiment] if rule.deliver.experiment else None
        delivers = experiment is None or experiment.running or experiment.rollout is not None
        return rule.enabled and (delivers or self._idle)

    def _rule(self, rule: Rule) -> CompiledRule:
        delivered = rule.deliver.experiment
        return CompiledRule(
            key=rule.key,
            variant=rule.deliver.variant,
            experiment=self._experiments[delivered] if delivered is not None else None,
            cap=_cap(rule.cap),
            source=rule,
        )

    def _experiment(self, experiment: Experiment) -> CompiledExperiment:
        bounds = arm_bounds([arm.weight for arm in experiment.arms])
        return CompiledExperiment(
            key=experiment.key,
            unit=experiment.unit,
            before_login=experiment.before_login,
            traffic_end=share_bound(experiment.traffic),
            salt=experiment.key if experiment.salt is None else experiment.salt,
            sticky=experiment.sticky,
            phase=experiment.phase,
            running=experiment.status == "running",
            rollout=experiment.rollout if experiment.status == "stopped" else None,
            group=self._group(experiment),
            arms={arm.key: arm.variants for arm in experiment.arms},
            bounds=tuple(zip((arm.key for arm in experiment.arms), bounds, strict=True)),
        )

    def _group(self, experiment: Experiment) -> CompiledGroup | None:
        share = experiment.exclusion_group
        if share is None:
            return None
        group = self._groups[share.key]
        others = (key for key in self._running.get(share.key, ()) if key != experiment.key)
        salt = group.key if group.salt is None else group.salt
        start, end = share_bound(share.start), share_bound(share.end)
        return CompiledGroup(salt, group.unit, start, end, tuple(others))

    def _resolved(self, resolution: Resolution) -> Steps[tuple[list[Step], list[Step]]]:
        """Compile all segments and journeys in their order, and those of them that stages rest on."""
        order: list[Step] = []
        staging: list[Step] = []
        for wave in resolution.waves:
            needed = [pointer for pointer in wave if pointer in resolution.staging]
            steps = yield from self._together(wave)
            order += steps
            staging += steps if len(needed) == len(wave) else (yield from self._together(needed))
        return order, staging

    def _together(self, wave: Sequence[str]) -> Steps[list[Step]]:
        """Compile what does not refer to each other."""
        steps: list[Step] = []
        segments = []
        for pointer in wave:
            _, field, index = pointer.split("/")
            if field == "journeys":
                steps.append(_journey(self._document.journeys[int(index)]))
            else:
                conjuncts = self._reading.conjuncts_at(f"{pointer}/condition")
                segments.append((self._document.segments[int(index)].key, conjuncts))
            yield
        if segments:
            steps.append((yield from grouping(segments)))
        return steps


def _site(site: Site) -> Site:
    return msgspec.structs.replace(site, origins=tuple(map(as_browsers_say, site.origins)))


def _running_in_groups(document: Document) -> dict[str, list[str]]:
    running: dict[str, list[str]] = {}
    for experiment in document.experiments:
        if experiment.exclusion_group is not None and experiment.status == "running":
            running.setdefault(experiment.exclusion_group.key, []).append(experiment.key)
    return running


def _cap(cap: Cap | None) -> CompiledCap | None:
    if cap is None:
        return None
    return CompiledCap(cap.count, None if cap.per_days is None else round(cap.per_days * DAY_MS))


def _placements(document: Document) -> Steps[dict[str, CompiledPlacement]]:
    placements = {}
    for placement in document.placements:
        variants = {}
        for variant in placement.variants:
            variants[variant.key] = _variant(variant)
            yield
        default = variants[placement.default] if placement.default is not None else None
        placements[placement.key] = CompiledPlacement(key=placement.key, default=default, variants=variants)
    return placements


def _variant(variant: Variant) -> CompiledVariant:
    locales = {locale_named(locale): _encoded(content) for locale, content in variant.locales.items()}
    return CompiledVariant(variant.key, _encoded(variant.content), locales)


def _encoded(content: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(content))


def _journey(journey: Journey) -> CompiledJourney:
    ranked = [stage for _, stage in sorted(_ranked(journey), key=lambda ranked: -ranked[0])]
    first = journey.stages[0].key
    # What stands below the stage that always holds can never be reached.
    return CompiledJourney(
        key=journey.key, first=first, stages=list(takewhile(lambda stage: stage.key != first, ranked))
    )


def _ranked(journey: Journey) -> Iterator[tuple[float, CompiledStage]]:
    for place, stage in enumerate(journey.stages):
        precedence = float(place) if stage.precedence is None else stage.precedence
        yield (
            precedence,
            CompiledStage(
                key=stage.key,
                when=_predicate(stage.when),
                stay=_predicate(stage.stay),
                min_dwell_ms=stage.min_dwell_s * 1_000,
                decay_ms=decay_of(stage.decay_after_days),
            ),
        )


def _predicate(condition: Condition | None) -> Predicate | None:
    return None if condition is None else compile_condition(condition)
