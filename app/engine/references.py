"""Whether everything a document names exists, and in which order segments and journeys are resolved."""

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from app.engine.comparisons import comparisons_in, literals_of
from app.engine.metrics import check_metrics
from app.engine.model import Condition, Document, Experiment, Rule
from app.engine.named import ROOTS, Names, primary_journey_of, unknown_attribute
from app.engine.problems import Findings, Problem, escaped
from app.engine.reading import Reading
from app.kit.steps import Steps, finished

# So many circles are told at most: nobody repairs more before asking again, and each is looked for in all.
_CIRCLES = 100


def conditions_of(document: Document) -> Iterator[tuple[str, Condition]]:
    """List every condition that is evaluated in a decision, with its JSON pointer."""
    yield from conditions_of_visitors(document)
    for i, rule in enumerate(document.rules):
        yield f"/rules/{i}/audience/condition", rule.audience.condition


def conditions_of_visitors(document: Document) -> Iterator[tuple[str, Condition]]:
    """List every condition that says where a visitor stands, with its JSON pointer."""
    for i, segment in enumerate(document.segments):
        yield f"/segments/{i}/condition", segment.condition
    for i, journey in enumerate(document.journeys):
        for j, stage in enumerate(journey.stages):
            if stage.when is not None:
                yield f"/journeys/{i}/stages/{j}/when", stage.when
            if stage.stay is not None:
                yield f"/journeys/{i}/stages/{j}/stay", stage.stay


def _doubled(pointer: str, word: str, keys: Iterable[str]) -> Findings:
    """Say which keys stand more than once in a list."""
    seen: set[str] = set()
    for i, key in enumerate(keys):
        if key in seen:
            yield Problem(f"{pointer}/{i}/key", f"there is another {word} {key!r}")
        seen.add(key)
        yield None


def check_references(document: Document, reading: Reading) -> Findings:
    """Find every name in a document that stands for nothing or for two things."""
    for field, word in _LISTS:
        yield from _doubled(f"/{field}", word, (part.key for part in getattr(document, field)))
    names = Names(document)
    yield from _check_placements(document, names)
    yield from _check_attributes(document, reading, names)
    for i, experiment in enumerate(document.experiments):
        yield from _check_experiment(names, experiment, f"/experiments/{i}")
        yield None
    for i, rule in enumerate(document.rules):
        yield from _check_rule(names, rule, f"/rules/{i}")
        yield None
    yield from check_metrics(document)
    if sum(journey.primary for journey in document.journeys) > 1:
        yield Problem("/journeys", "only one journey can be primary")
    for i, journey in enumerate(document.journeys):
        yield from _doubled(f"/journeys/{i}/stages", "stage", [stage.key for stage in journey.stages])


_LISTS = (
    ("placements", "placement"),
    ("segments", "segment"),
    ("journeys", "journey"),
    ("metrics", "metric"),
    ("exclusion_groups", "exclusion group"),
    ("experiments", "experiment"),
    ("rules", "rule"),
)


def _check_placements(document: Document, names: Names) -> Findings:
    for i, placement in enumerate(document.placements):
        keys = [variant.key for variant in placement.variants]
        yield from _doubled(f"/placements/{i}/variants", "variant", keys)
        if placement.default is not None:
            yield from names.missing(f"/placements/{i}/default", "variant", placement.default, keys)


def _check_attributes(document: Document, reading: Reading, names: Names) -> Findings:
    # What is asked for is looked up once; only where something is missing is it looked for.
    paths = {path for path in reading.paths if not names.has_attribute(path)}
    segments = reading.segments.difference(names.segments)
    for pointer, condition in conditions_of(document) if paths or segments else ():
        for comparison in comparisons_in(condition, pointer):
            root, *rest = comparison.path
            if ".".join(comparison.path) in paths and root not in ROOTS:
                yield Problem(comparison.pointer, unknown_attribute(root))
            if root == "stages":
                yield from names.missing(comparison.pointer, "journey", ".".join(rest), names.journeys)
            if comparison.path == ("segments",):
                for key in sorted(segments.intersection(literals_of(comparison))):
                    yield from names.missing(comparison.pointer, "segment", key, names.segments)
        yield None


def _check_experiment(names: Names, experiment: Experiment, at: str) -> Findings:
    variants = names.placements
    arms = [arm.key for arm in experiment.arms]
    yield from _doubled(f"{at}/arms", "arm", arms)
    for i, arm in enumerate(experiment.arms):
        for placement, variant in arm.variants.items():
            pointer = f"{at}/arms/{i}/variants/{escaped(placement)}"
            yield from names.missing(pointer, "placement", placement, variants)
            if variant is not None:
                yield from names.missing(pointer, "variant", variant, variants.get(placement, [variant]))
            if experiment.kind == "aa" and variant != experiment.arms[0].variants.get(placement):
                yield Problem(pointer, "an A/A test shows the same in every arm")
    if experiment.rollout is not None:
        yield from names.missing(f"{at}/rollout", "arm", experiment.rollout, arms)
    if experiment.primary_metric is not None:
        yield from names.missing(f"{at}/primary_metric", "metric", experiment.primary_metric, names.metrics)
    for i, use in enumerate(experiment.metrics):
        yield from names.missing(f"{at}/metrics/{i}/metric", "metric", use.metric, names.metrics)
    if experiment.exclusion_group is not None:
        key = experiment.exclusion_group.key
        yield from names.missing(f"{at}/exclusion_group/key", "exclusion group", key, names.groups)


def _check_rule(names: Names, rule: Rule, at: str) -> Iterator[Problem]:
    for i, key in enumerate(rule.placements):
        yield from names.missing(f"{at}/placements/{i}", "placement", key, names.placements)
        if rule.deliver.variant is not None and key in names.placements:
            known = names.placements[key]
            yield from names.missing(
                f"{at}/deliver/variant", "variant", rule.deliver.variant, known, f" at {key!r}"
            )
    if rule.deliver.experiment is not None:
        experiment = rule.deliver.experiment
        yield from names.missing(f"{at}/deliver/experiment", "experiment", experiment, names.experiments)
    for i, key in enumerate(rule.audience.stages):
        pointer = f"{at}/audience/stages/{i}"
        yield from names.missing(pointer, "stage", key, names.stages, " in the primary journey")
    for field in ("segments", "not_segments"):
        for i, key in enumerate(getattr(rule.audience, field)):
            yield from names.missing(f"{at}/audience/{field}/{i}", "segment", key, names.segments)


class Resolution(NamedTuple):
    """Segments and journeys as their pointers, each after what its conditions refer to.

    Those of one wave do not refer to each other. `staging` are the journeys and what they refer to, by way of
    others too.
    """

    waves: list[tuple[str, ...]]
    staging: frozenset[str]

    @property
    def order(self) -> list[str]:
        """List all of them."""
        return [node for wave in self.waves for node in wave]


def resolution_of(document: Document) -> Resolution:
    """Find the order in which segments and journeys are resolved.

    Raises:
        CycleError: when they refer to each other in a circle; its second argument is the circle.

    """
    return finished(resolving(document))


def resolving(document: Document) -> Steps[Resolution]:
    """Do what `resolution_of` does, in steps."""
    graph = yield from _graph_of(document)
    sorter = yield from _prepared(graph)
    waves = []
    while ready := sorter.get_ready():
        waves.append(ready)
        for node in ready:
            sorter.done(node)
            yield
    staging = {f"/journeys/{i}" for i in range(len(document.journeys))}
    for wave in reversed(waves):
        for node in staging.intersection(wave):
            staging |= graph[node]
    return Resolution(waves, frozenset(staging))


def _graph_of(document: Document) -> Steps[dict[str, set[str]]]:
    """Tell which segments and journeys each of them refers to."""
    segments = {segment.key: f"/segments/{i}" for i, segment in enumerate(document.segments)}
    journeys = {journey.key: f"/journeys/{i}" for i, journey in enumerate(document.journeys)}
    primary = primary_journey_of(document)
    stage_of = journeys[primary.key] if primary is not None else None
    graph: dict[str, set[str]] = {node: set() for node in (*segments.values(), *journeys.values())}
    for pointer, condition in conditions_of_visitors(document):
        node = "/".join(pointer.split("/")[:3])
        if node in graph:
            graph[node].update(_referred_to(condition, segments, journeys, stage_of))
        yield
    return graph


def _prepared(graph: Mapping[str, set[str]]) -> Steps[TopologicalSorter[str]]:
    """Make ready to sort a graph; raises CycleError."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for node, after in graph.items():
        # A set has another order in another process, and the answer must be the same in all of them.
        sorter.add(node, *sorted(after))
        yield
    sorter.prepare()
    return sorter


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


def check_order(document: Document) -> Findings:
    """Say where segments and journeys refer to each other in a circle: each is in one of those told."""
    graph = yield from _graph_of(document)
    for _ in range(_CIRCLES):
        try:
            yield from _prepared(graph)
        except CycleError as error:
            circle = list(reversed(error.args[1]))
            yield Problem(circle[0], f"refers to itself: {' → '.join(circle)}")
            graph = {node: after.difference(circle) for node, after in graph.items() if node not in circle}
        else:
            return
