"""Who names a resource, and would stand for nothing without it. Pure: nothing is read or written here."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import msgspec

from app.engine.comparisons import Comparison, comparisons_in, literals_of
from app.engine.metrics import STAGES

Document: TypeAlias = Mapping[str, Any]
Use: TypeAlias = tuple[str, str]
"""The JSON pointer of the place in its user where a resource is named, and what it is used for there."""


class Used(msgspec.Struct, frozen=True):
    """What somebody may use. `stages` are those of a journey that gives visitors their `stage`, else none."""

    kind: str
    key: str
    placement: str | None = None
    stages: frozenset[str] = frozenset()


def users_of(kind: str) -> tuple[str, ...]:
    """List the kinds that can use one of a kind."""
    return tuple(_USES.get(kind, ()))


def uses_of(used: Used, kind: str, user: Document) -> Iterator[Use]:
    """Find where a resource of a kind uses another."""
    return _USES[used.kind][kind](used, user)


def _placement_in_rule(used: Used, rule: Document) -> Iterator[Use]:
    for i, key in enumerate(rule["placements"]):
        if key == used.key:
            yield f"/placements/{i}", "shows something there"


def _placement_in_experiment(used: Used, experiment: Document) -> Iterator[Use]:
    for i, arm in enumerate(experiment["arms"]):
        if used.key in arm.get("variants", {}):
            yield f"/arms/{i}/variants/{used.key}", "has variants for it"


def _variant_in_placement(used: Used, placement: Document) -> Iterator[Use]:
    if placement["key"] == used.placement and placement.get("default") == used.key:
        yield "/default", "has it as its default"


def _variant_in_rule(used: Used, rule: Document) -> Iterator[Use]:
    if used.placement in rule["placements"] and rule["deliver"].get("variant") == used.key:
        yield "/deliver/variant", "delivers it"


def _variant_in_experiment(used: Used, experiment: Document) -> Iterator[Use]:
    for i, arm in enumerate(experiment["arms"]):
        if arm.get("variants", {}).get(used.placement) == used.key:
            yield f"/arms/{i}/variants/{used.placement}", "shows it"


def _segment_in_audience(used: Used, rule: Document) -> Iterator[Use]:
    audience = rule.get("audience", {})
    for field in ("segments", "not_segments"):
        for i, key in enumerate(audience.get(field, ())):
            if key == used.key:
                yield f"/audience/{field}/{i}", "addresses it"


def _journey_in_audience(used: Used, rule: Document) -> Iterator[Use]:
    for i, key in enumerate(rule.get("audience", {}).get("stages", ())):
        if key in used.stages:
            yield f"/audience/stages/{i}", f"addresses its stage {key!r}"


def _journey_in_metric(used: Used, metric: Document) -> Iterator[Use]:
    if metric.get("kind") not in STAGES:
        return
    if metric.get("journey") == used.key:
        yield "/journey", "counts its stages"
    elif metric.get("journey") is None and used.stages:
        yield "/kind", "counts its stages"


def _metric_in_experiment(used: Used, experiment: Document) -> Iterator[Use]:
    if experiment.get("primary_metric") == used.key:
        yield "/primary_metric", "is judged by it"
    for i, use in enumerate(experiment.get("metrics", ())):
        if use["metric"] == used.key:
            yield f"/metrics/{i}/metric", "is judged by it"


def _metric_in_holdout(used: Used, holdout: Document) -> Iterator[Use]:
    for i, key in enumerate(holdout.get("metrics", ())):
        if key == used.key:
            yield f"/metrics/{i}", "is judged by it"


def _group_in_experiment(used: Used, experiment: Document) -> Iterator[Use]:
    if (experiment.get("exclusion_group") or {}).get("key") == used.key:
        yield "/exclusion_group/key", "takes a share of it"


def _experiment_in_rule(used: Used, rule: Document) -> Iterator[Use]:
    if rule["deliver"].get("experiment") == used.key:
        yield "/deliver/experiment", "delivers it"


def _in_segment(used: Used, segment: Document) -> Iterator[Use]:
    yield from _in_condition(used, "/condition", segment["condition"])


def _in_journey(used: Used, journey: Document) -> Iterator[Use]:
    for i, stage in enumerate(journey.get("stages", ())):
        for field in ("when", "stay"):
            yield from _in_condition(used, f"/stages/{i}/{field}", stage.get(field))


def _in_rule(used: Used, rule: Document) -> Iterator[Use]:
    in_audience = _segment_in_audience if used.kind == "segments" else _journey_in_audience
    yield from in_audience(used, rule)
    yield from _in_condition(used, "/audience/condition", rule.get("audience", {}).get("condition"))


def _in_condition(used: Used, pointer: str, condition: object) -> Iterator[Use]:
    asks_for = _asks_for_segment if used.kind == "segments" else _asks_for_journey
    for comparison in comparisons_in(condition, pointer):
        if asks_for(used, comparison):
            yield comparison.pointer, "asks for it"


def _asks_for_segment(used: Used, comparison: Comparison) -> bool:
    return comparison.path == ("segments",) and used.key in literals_of(comparison)


def _asks_for_journey(used: Used, comparison: Comparison) -> bool:
    return comparison.path == ("stages", used.key) or (comparison.path == ("stage",) and bool(used.stages))


_IN_CONDITIONS = {"segments": _in_segment, "journeys": _in_journey, "rules": _in_rule}
_USES: Mapping[str, Mapping[str, Callable[[Used, Document], Iterator[Use]]]] = {
    "placements": {"experiments": _placement_in_experiment, "rules": _placement_in_rule},
    "variants": {
        "placements": _variant_in_placement,
        "experiments": _variant_in_experiment,
        "rules": _variant_in_rule,
    },
    "segments": _IN_CONDITIONS,
    "journeys": {**_IN_CONDITIONS, "metrics": _journey_in_metric},
    "metrics": {"experiments": _metric_in_experiment, "holdout": _metric_in_holdout},
    "exclusion_groups": {"experiments": _group_in_experiment},
    "experiments": {"rules": _experiment_in_rule},
}
