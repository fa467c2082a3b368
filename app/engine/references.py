"""Whether everything a document names exists, and in which order segments and journeys are resolved."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter

from app.engine.comparisons import comparisons_in, literals_of
from app.engine.conditions import attributes_of, operands_of
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
    yield from _check_attributes(document)
    for i, experiment in enumerate(document.experiments):
        yield from _check_experiment(document, experiment, f"/experiments/{i}")
    for i, rule in enumerate(document.rules):
        yield from _check_rule(document, rule, f"/rules/{i}")
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


def _check_placements(document: Document) -> Iterator[Problem]:
    for i, placement in enumerate(document.placements):
        keys = [variant.key for variant in placement.variants]
        yield from doubled(f"/placements/{i}/variants", "variant", keys)
        if placement.default is not None:
            yield from missing(f"/placements/{i}/default", "variant", placement.default, keys)


def _check_attributes(document: Document) -> Iterator[Problem]:
    journeys = {journey.key for journey in document.journeys}
    segments = {segment.key for segment in document.segments}
    for pointer, condition in conditions_of(document):
        for path in sorted(attributes_of(condition)):
            root, _, rest = path.partition(".")
            yield from missing(pointer, "attribute", root, ROOTS)
            if root == "stages":
                yield from missing(pointer, "journey", rest, journeys)
        for key in sorted(operands_of(condition, "segments")):
            yield from missing(pointer, "segment", key, segments)


def _check_experiment(document: Document, experiment: Experiment, at: str) -> Iterator[Problem]:
    variants = {p.key: [variant.key for variant in p.variants] for p in document.placements}
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
    metrics = [metric.key for metric in document.metrics]
    if experiment.primary_metric is not None:
        yield from missing(f"{at}/primary_metric", "metric", experiment.primary_metric, metrics)
    for i, use in enumerate(experiment.metrics):
        yield from missing(f"{at}/metrics/{i}/metric", "metric", use.metric, metrics)
    if experiment.exclusion_group is not None:
        groups = [group.key for group in document.exclusion_groups]
        key = experiment.exclusion_group.key
        yield from missing(f"{at}/exclusion_group/key", "exclusion group", key, groups)


def _check_rule(document: Document, rule: Rule, at: str) -> Iterator[Problem]:
    placements = {p.key: [variant.key for variant in p.variants] for p in document.placements}
    segments = [segment.key for segment in document.segments]
    journey = primary_journey_of(document)
    stages = [stage.key for stage in journey.stages] if journey is not None else []
    for i, key in enumerate(rule.placements):
        yield from missing(f"{at}/placements/{i}", "placement", key, placements)
        if rule.deliver.variant is not None and key in placements:
            known = placements[key]
            yield from missing(f"{at}/deliver/variant", f"variant of {key!r}", rule.deliver.variant, known)
    if rule.deliver.experiment is not None:
        experiments = [experiment.key for experiment in document.experiments]
        yield from missing(f"{at}/deliver/experiment", "experiment", rule.deliver.experiment, experiments)
    for i, key in enumerate(rule.audience.stages):
        yield from missing(f"{at}/audience/stages/{i}", "stage of the primary journey", key, stages)
    for field in ("segments", "not_segments"):
        for i, key in enumerate(getattr(rule.audience, field)):
            yield from missing(f"{at}/audience/{field}/{i}", "segment", key, segments)


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
