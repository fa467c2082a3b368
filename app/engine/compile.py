"""From a document to a ruleset: checked once, so that evaluation cannot fail."""

from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from app.engine.bucketing import arm_bounds, share_bound
from app.engine.checks import check_document
from app.engine.conditions import Predicate, attributes_of, compile_condition
from app.engine.counters import DAY_MS, needs_of, signature_of
from app.engine.index import index_of
from app.engine.model import Cap, Condition, Document, Experiment, Journey, Placement, Rule, Variant
from app.engine.problems import Problem, Problems
from app.engine.references import conditions_of, primary_journey_of, resolution_order
from app.engine.ruleset import (
    CompiledCap,
    CompiledExperiment,
    CompiledGroup,
    CompiledPlacement,
    CompiledRule,
    CompiledVariant,
    Ruleset,
)
from app.engine.stages import CompiledJourney, CompiledStage, Timed, decay_of
from app.kit.places import place_of


def parse_document(document: Mapping[str, Any]) -> Document:
    """Turn plain JSON into a document with its defaults; raises Problems where a shape is wrong."""
    try:
        return msgspec.convert(document, Document)
    except msgspec.ValidationError as error:
        raise Problems([Problem(*place_of(error))]) from error


def compile_ruleset(document: Document, revision: int) -> Ruleset:
    """Compile a document; raises Problems with everything that is wrong with it, each with its place."""
    problems = list(check_document(document))
    if problems:
        raise Problems(problems)
    return _Compilation(document).ruleset(revision)


class _Compilation:
    """A sound document on its way to a ruleset."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._zone = ZoneInfo(document.site.timezone)
        self._groups = {group.key: group for group in document.exclusion_groups}
        self._running = _running_in_groups(document)
        self._experiments = {e.key: self._experiment(e) for e in document.experiments}

    def ruleset(self, revision: int) -> Ruleset:
        document = self._document
        primary = primary_journey_of(document)
        asked = (rule for rule in document.rules if self._delivers(rule))
        ranked = sorted(asked, key=lambda rule: (-rule.priority, rule.key))
        order = [self._step(pointer) for pointer in resolution_order(document)]
        needs = needs_of(path for _, c in conditions_of(document) for path in attributes_of(c))
        return Ruleset(
            revision=revision,
            site=document.site,
            zone=self._zone,
            placements={placement.key: _placement(placement) for placement in document.placements},
            rules=[self._rule(rule) for rule in ranked],
            index=index_of(ranked, self._zone),
            order=order,
            primary_journey=primary.key if primary is not None else None,
            experiments=self._experiments,
            holdout=document.holdout,
            holdout_end=share_bound(document.holdout.percent),
            needs=needs,
            asked=signature_of(needs),
            timed=Timed.of(step for step in order if isinstance(step, CompiledJourney)),
        )

    def _delivers(self, rule: Rule) -> bool:
        """Tell a rule that is asked from one that is off, or whose experiment has nothing to deliver."""
        experiment = self._experiments[rule.deliver.experiment] if rule.deliver.experiment else None
        return rule.enabled and (experiment is None or experiment.running or experiment.rollout is not None)

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

    def _step(self, pointer: str) -> tuple[str, Predicate] | CompiledJourney:
        _, field, index = pointer.split("/")
        if field == "journeys":
            return _journey(self._document.journeys[int(index)])
        segment = self._document.segments[int(index)]
        return segment.key, compile_condition(segment.condition)


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


def _predicate(condition: Condition | None) -> Predicate | None:
    return None if condition is None else compile_condition(condition)


def _placement(placement: Placement) -> CompiledPlacement:
    variants = {variant.key: _variant(variant) for variant in placement.variants}
    default = variants[placement.default] if placement.default is not None else None
    return CompiledPlacement(key=placement.key, default=default, variants=variants)


def _variant(variant: Variant) -> CompiledVariant:
    locales = {
        locale.lower().replace("_", "-"): _encoded(content) for locale, content in variant.locales.items()
    }
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
