"""Which segments and journeys cannot be told from a profile alone: pure."""

from collections.abc import Iterator

from app.engine.conditions import attributes_of, operands_of
from app.engine.model import Condition, Document
from app.engine.named import primary_journey_of
from app.engine.references import resolution_of


def bound_to_context(document: Document) -> frozenset[tuple[str, str]]:
    """List what asks for the context of a request, itself or by way of others, as ("segments", key)."""
    bound: set[tuple[str, str]] = set()
    for pointer in resolution_of(document).order:
        _, kind, index = pointer.split("/")
        if kind == "segments":
            segment = document.segments[int(index)]
            name, conditions = (kind, segment.key), [segment.condition]
        else:
            journey = document.journeys[int(index)]
            name = (kind, journey.key)
            asked = (condition for stage in journey.stages for condition in (stage.when, stage.stay))
            conditions = [condition for condition in asked if condition is not None]
        if any(_is_bound(condition, document, bound) for condition in conditions):
            bound.add(name)
    return frozenset(bound)


def _is_bound(condition: Condition, document: Document, bound: set[tuple[str, str]]) -> bool:
    paths = attributes_of(condition)
    if any(path.partition(".")[0] == "context" for path in paths):
        return True
    return not bound.isdisjoint(_referred_to(condition, paths, document))


def _referred_to(
    condition: Condition, paths: frozenset[str], document: Document
) -> Iterator[tuple[str, str]]:
    primary = primary_journey_of(document)
    for path in paths:
        root, _, rest = path.partition(".")
        if root == "segments":
            # Who asks how many segments there are, or for a pattern, asks for all of them.
            named = operands_of(condition, path) or {segment.key for segment in document.segments}
            yield from (("segments", key) for key in named)
        elif root == "stages":
            yield "journeys", rest
        elif root == "stage" and primary is not None:
            yield "journeys", primary.key
