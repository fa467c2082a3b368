"""Whether everything a document names exists, and in which order segments and journeys are resolved."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

from app.engine.comparisons import comparisons_in, literals_of
from app.engine.conditions import operands_of
from app.engine.model import Condition, Document, Experiment, Journey, Rule
from app.engine.problems import Problem, escaped

ROOTS = frozenset({"traits", "context", "stage", "stages", "segments", "profile", "events"})


def primary_journey_of(document: Document) -> Journey | None:
    """Find the journey that gives a visitor's `stage`: the primary one, else the first listed."""
    listed = document.journeys
    return next((journey for journey in listed if journey.primary), listed[0] if listed else None)


def conditions_of(document: Document) -> Iterator[tuple[str, Condition]]:
    """List every condition that is evaluated in a decision, with its JSON pointer."""
    for i, segment in enumerate(document.segments):
        yield f"/segments/{i}/condition", segment.condition
    for i, journey in enumerate(document.journeys):
        for j, stage in enumerate(journey.stages):
            if stage.when is not None:
                yield f"/journeys/{i}/stages/{j}/when", stage.when
            if stage.stay is not None:
                yield f"/journeys/{i}/stages/{j}/stay", stage.stay
    for i, rule in enumerate(document.rules):
        yield f"/rules/{i}/audience/condition", rule.audience.condition


def missing(pointer: str, word: str, name: str, known: Collection[str]) -> Iterator[Problem]:
    """Say that a name stands for nothing, and which one may have been meant."""
    if name not in known:
        close = get_close_matches(name, known, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        yield Problem(pointer, f"there is no {word} {name!r}{hint}")


def doubled(pointer: str, word: str, keys: Sequence[str]) -> Iterator[Problem]:
    """Say which keys stand more than once in a list."""
    seen: set[str] = set()
    for i, key in enumerate(keys):
        if key in seen:
            yield Problem(f"{pointer}/{i}/key", f"there is another {word} {key!r}")
        seen.add(key)


def check_references(document: Document) -> Iterator[Problem]:
    """Find every name in a document that stands for nothing or for two things."""
    for field, word in _LISTS:
        yield from doubled(f"/{field}", word, [part.key for part in getattr(document, field)])
    yield from _check_placements(document)
    names = _names_of(document)
    yield from _check_attributes(document, names)
    for i, experiment in enumerate(document.experiments):
        yield from _check_experiment(names, experiment, f"/experiments/{i}")
    for i, rule in enumerate(document.rules):
        yield from _check_rule(names, rule, f"/rules/{i}")
    if sum(journey.primary for journey in document.journeys) > 1:
        yield Problem("/journeys", "only one journey can be primary")
    for i, journey in enumerate(document.journeys):
        yield from doubled(f"/journeys/{i}/stages", "stage", [stage.key for stage in journey.stages])


_LISTS = (
    ("placements", "placement"),
    ("segments", "segment"),
    ("journeys", "journey"),
    ("metrics", "metric"),
    ("exclusion_groups", "exclusion group"),
    ("experiments", "experiment"),
    ("rules", "rule"),
)


class _Names(NamedTuple):
    """What a document's parts can refer to: placements with their variants, the primary journey's stages."""

    placements: Mapping[str, Collection[str]]
    segments: Collection[str]
    journeys: Collection[str]
    stages: Collection[str]
    metrics: Collection[str]
    groups: Collection[str]
    experiments: Collection[str]


def _names_of(document: Document) -> _Names:
    primary = primary_journey_of(document)
    return _Names(
        placements={placement.key: _keys_of(placement.variants) for placement in document.placements},
        segments=_keys_of(document.segments),
        journeys=_keys_of(document.journeys),
        stages=_keys_of(primary.stages) if primary is not None else (),
        metrics=_keys_of(document.metrics),
        groups=_keys_of(document.exclusion_groups),
        experiments=_keys_of(document.experiments),
    )


def _keys_of(parts: Iterable[Any]) -> Collection[str]:
    # A dict finds a name at once, and keeps the document's order for the hints.
    return dict.fromkeys(part.key for part in parts)


def _check_placements(document: Document) -> Iterator[Problem]:
    for i, placement in enumerate(document.placements):
        keys = [variant.key for variant in placement.variants]
        yield from doubled(f"/placements/{i}/variants", "variant", keys)
        if placement.default is not None:
            yield from missing(f"/placements/{i}/default", "variant", placement.default, keys)


def _check_attributes(document: Document, names: _Names) -> Iterator[Problem]:
    for pointer, condition in conditions_of(document):
        paths = {comparison.path for comparison in comparisons_in(condition)}
        for root, *rest in sorted(paths):
            yield from missing(pointer, "attribute", root, ROOTS)
            if root == "stages":
                yield from missing(pointer, "journey", ".".join(rest), names.journeys)
        named = operands_of(condition, "segments") if ("segments",) in paths else ()
        for key in sorted(named):
            yield from missing(pointer, "segment", key, names.segments)


def _check_experiment(names: _Names, experiment: Experiment, at: str) -> Iterator[Problem]:
    variants = names.placements
    arms = [arm.key for arm in experiment.arms]
    yield from doubled(f"{at}/arms", "arm", arms)
    for i, arm in enumerate(experiment.arms):
        for placement, variant in arm.variants.items():
            pointer = f"{at}/arms/{i}/variants/{escaped(placement)}"
            yield from missing(pointer, "placement", placement, variants)
            if variant is not None:
                yield from missing(pointer, "variant", variant, variants.get(placement, [variant]))
    if experiment.rollout is not None:
        yield from missing(f"{at}/rollout", "arm", experiment.rollout, arms)
    if experiment.primary_metric is not None:
        yield from missing(f"{at}/primary_metric", "metric", experiment.primary_metric, names.metrics)
    for i, use in enumerate(experiment.metrics):
        yield from missing(f"{at}/metrics/{i}/metric", "metric", use.metric, names.metrics)
    if experiment.exclusion_group is not None:
        key = experiment.exclusion_group.key
        yield from missing(f"{at}/exclusion_group/key", "exclusion group", key, names.groups)


def _check_rule(names: _Names, rule: Rule, at: str) -> Iterator[Problem]:
    for i, key in enumerate(rule.placements):
        yield from missing(f"{at}/placements/{i}", "placement", key, names.placements)
        if rule.deliver.variant is not None and key in names.placements:
            known = names.placements[key]
            yield from missing(f"{at}/deliver/variant", f"variant of {key!r}", rule.deliver.variant, known)
    if rule.deliver.experiment is not None:
        experiment = rule.deliver.experiment
        yield from missing(f"{at}/deliver/experiment", "experiment", experiment, names.experiments)
    for i, key in enumerate(rule.audience.stages):
        pointer = f"{at}/audience/stages/{i}"
        yield from missing(pointer, "stage of the primary journey", key, names.stages)
    for field in ("segments", "not_segments"):
        for i, key in enumerate(getattr(rule.audience, field)):
            yield from missing(f"{at}/audience/{field}/{i}", "segment", key, names.segments)


def resolution_order(document: Document) -> list[str]:
    """List segments and journeys as their pointers, each after what its conditions refer to.

    Raises:
        CycleError: when they refer to each other in a circle; its second argument is the circle.

    """
    segments = {segment.key: f"/segments/{i}" for i, segment in enumerate(document.segments)}
    journeys = {journey.key: f"/journeys/{i}" for i, journey in enumerate(document.journeys)}
    primary = primary_journey_of(document)
    stage_of = journeys[primary.key] if primary is not None else None
    graph: dict[str, set[str]] = {node: set() for node in (*segments.values(), *journeys.values())}
    for pointer, condition in conditions_of(document):
        node = "/".join(pointer.split("/")[:3])
        if node in graph:
            graph[node].update(_referred_to(condition, segments, journeys, stage_of))
    # A set has another order in another process, and the answer must be the same in all of them.
    return list(TopologicalSorter({node: sorted(after) for node, after in graph.items()}).static_order())


def _referred_to(
    condition: Condition, segments: Mapping[str, str], journeys: Mapping[str, str], stage_of: str | None
) -> Iterator[str]:
    for comparison in comparisons_in(condition):
        match comparison.path:
            case ("segments",):
                # Who asks how many segments there are, or for a pattern, asks for all of them.
                named = list(literals_of(comparison)) or segments
                yield from (segments[key] for key in named if key in segments)
            case ("stages", journey) if journey in journeys:
                yield journeys[journey]
            case ("stage",) if stage_of is not None:
                yield stage_of


def check_order(document: Document) -> Iterator[Problem]:
    """Say where segments and journeys refer to each other in a circle."""
    try:
        resolution_order(document)
    except CycleError as error:
        circle = list(reversed(error.args[1]))
        yield Problem(circle[0], f"refers to itself: {' → '.join(circle)}")
