"""What publishing may change of a running experiment, and when such a change starts a new phase."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import msgspec

from app.engine.equality import is_same
from app.engine.model import Document, Experiment, Holdout
from app.engine.problems import Problem, Problems
from app.kit.steps import Steps, finished

_FROZEN = ("kind", "unit", "salt", "analysis")
_NONE: Mapping[str, int] = MappingProxyType({})


def advance(document: Document, previous: Document | None, reached: Mapping[str, int] = _NONE) -> Document:
    """Give every experiment its phase, and the holdout its own, after the revision in force.

    Weights, the audience of a delivering rule and the content of an arm's variant start a new phase; more
    traffic does not. `reached` are the highest phases, by key, of experiments that the revision in force does
    not name and an earlier one does: what comes back goes on after them, since it is another experiment.

    Raises:
        Problems: where a running experiment changed what is frozen while it runs.

    """
    return finished(advancing(document, previous, reached))


def advancing(
    document: Document, previous: Document | None, reached: Mapping[str, int] = _NONE
) -> Steps[Document]:
    """Do what `advance` does, in steps."""
    before = {e.key: e for e in previous.experiments} if previous is not None else {}
    problems: list[Problem] = []
    for i, experiment in enumerate(document.experiments):
        problems += _thawed(experiment, before.get(experiment.key), f"/experiments/{i}")
        yield
    if problems:
        raise Problems(problems)
    now = yield from _stretching(document)
    then = (yield from _stretching(previous)) if previous is not None else now
    phased = []
    for experiment in document.experiments:
        earlier = before.get(experiment.key)
        if earlier is None:
            phase = reached.get(experiment.key, 0) + 1
        else:
            phase = _phase(experiment, earlier, now, then)
        phased.append(msgspec.structs.replace(experiment, phase=phase))
        yield
    holdout = _held_out(document.holdout, previous.holdout if previous is not None else None)
    return msgspec.structs.replace(document, experiments=tuple(phased), holdout=holdout)


def _thawed(now: Experiment, before: Experiment | None, at: str) -> Iterator[Problem]:
    if before is None or before.status != "running" or now.status != "running":
        return
    for field in _FROZEN:
        if getattr(now, field) != getattr(before, field):
            yield Problem(f"{at}/{field}", "is frozen while the experiment runs; stop it and start another")
    if [arm.key for arm in now.arms] != [arm.key for arm in before.arms]:
        yield Problem(f"{at}/arms", "the set of arms is frozen while the experiment runs")


def _phase(now: Experiment, before: Experiment, after: "_Stretches", earlier: "_Stretches") -> int:
    was_started = before.status != "draft"
    # A draft may become anything before it runs again, and is then compared with a draft.
    may_begin = was_started and now.status in {"draft", "running"}
    return before.phase + (may_begin and not is_same(after.of(now), earlier.of(before)))


def _held_out(now: Holdout, before: Holdout | None) -> Holdout:
    """Give the holdout its phase: sides of other sizes, or of other visitors, are another comparison."""
    if before is None:
        return msgspec.structs.replace(now, phase=1)
    changed = (now.percent, now.salt, now.unit) != (before.percent, before.salt, before.unit)
    return msgspec.structs.replace(now, phase=before.phase + (before.percent > 0 and changed))


class _Stretches:
    """What experiments rest on: contents by placement and variant, audiences by experiment and rule."""

    def __init__(self) -> None:
        self.contents: dict[tuple[str, str | None], object] = {}
        self.audiences: dict[str, dict[str, object]] = {}

    def of(self, experiment: Experiment) -> object:
        """Gather what must not change within a phase, as JSON."""
        contents = [
            {
                placement: (variant, self.contents.get((placement, variant)))
                for placement, variant in arm.variants.items()
            }
            for arm in experiment.arms
        ]
        audiences = self.audiences.get(experiment.key)
        # Stopping is a change too: what runs again after a stop has new visitors in another time.
        return [arm.weight for arm in experiment.arms], contents, audiences, experiment.status


def _stretching(document: Document) -> Steps[_Stretches]:
    stretches = _Stretches()
    for placement in document.placements:
        for variant in placement.variants:
            stretches.contents[placement.key, variant.key] = (variant.content, variant.locales)
        yield
    for rule in document.rules:
        if rule.deliver.experiment is not None and rule.enabled:
            audience = msgspec.structs.asdict(rule.audience)
            stretches.audiences.setdefault(rule.deliver.experiment, {})[rule.key] = audience
        yield
    return stretches
