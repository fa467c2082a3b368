"""What a condition asks for and no visitor ever has: it may stand there, and is probably misspelt."""

from collections.abc import Collection, Iterator, Mapping

from app.engine.comparisons import Comparison, comparisons_in, literals_of
from app.engine.model import Condition, Document
from app.engine.named import primary_journey_of
from app.engine.problems import Problem, did_you_mean, shown

_KNOWN: Mapping[str, tuple[str, ...]] = {
    "context": (
        *("attributes", "bot", "browser", "country", "device", "hour", "locale", "os", "referrer"),
        *("timezone", "url", "utm", "weekday"),
    ),
    "profile": ("age_days", "is_new"),
}
_YOURS = {"context": " (what a page says besides is in context.attributes)", "profile": ""}

Stages = Mapping[str, Collection[str]]
"""The stages of each journey by the path at which conditions ask for where a visitor stands."""


def stages_of(document: Document) -> Stages:
    """List the stages that visitors can stand in."""
    primary = primary_journey_of(document)
    stages: dict[str, Collection[str]] = {
        f"stages.{journey.key}": [stage.key for stage in journey.stages] for journey in document.journeys
    }
    return {**stages, "stage": stages[f"stages.{primary.key}"] if primary is not None else ()}


def never_there(condition: Condition, stages: Stages, *, pointer: str = "") -> Iterator[Problem]:
    """Find each place of a condition that asks for what is never there, and say what may have been meant."""
    for comparison in comparisons_in(condition, pointer):
        for message in _wrong_in(comparison, stages):
            yield Problem(comparison.pointer, message)


def _wrong_in(comparison: Comparison, stages: Stages) -> Iterator[str]:
    path = ".".join(comparison.path)
    match comparison.path:
        case (("context" | "profile") as root, name, *_) if name not in _KNOWN[root]:
            yield f"no visitor ever has {shown(path)}{_YOURS[root]}; {did_you_mean(name, _KNOWN[root])}"
        case ("events", _, _, _, *_):
            yield f"no visitor ever has {shown(path)}: of an object nothing is kept as the latest value"
        case ("stage",) | ("stages", _):
            known = tuple(stages.get(path, ()))
            for stage in literals_of(comparison):
                if stage not in known:
                    hint = did_you_mean(stage, known) if known else "there is no journey"
                    yield f"no visitor ever stands in a stage {shown(stage)}; {hint}"
