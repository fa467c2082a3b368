"""What publishing may change of a running experiment, and when such a change starts a new phase."""

from collections.abc import Iterator

import msgspec

from app.engine.model import Document, Experiment
from app.engine.problems import Problem, Problems

_FROZEN = ("unit", "salt", "analysis")


def advance(document: Document, previous: Document | None) -> Document:
    """Give every experiment its phase, after the revision in force.

    Weights, the audience of a delivering rule and the content of an arm's variant start a new phase; more
    traffic does not.

    Raises:
        Problems: where a running experiment changed what is frozen while it runs.

    """
    before = {e.key: e for e in previous.experiments} if previous is not None else {}
    problems = [
        problem
        for i, experiment in enumerate(document.experiments)
        for problem in _thawed(experiment, before.get(experiment.key), f"/experiments/{i}")
    ]
    if problems:
        raise Problems(problems)
    phased = tuple(
        msgspec.structs.replace(experiment, phase=_phase(document, experiment, previous, before))
        for experiment in document.experiments
    )
    return msgspec.structs.replace(document, experiments=phased)


def _thawed(now: Experiment, before: Experiment | None, at: str) -> Iterator[Problem]:
    if before is None or before.status != "running" or now.status != "running":
        return
    for field in _FROZEN:
        if getattr(now, field) != getattr(before, field):
            yield Problem(f"{at}/{field}", "is frozen while the experiment runs; stop it and start another")
    if [arm.key for arm in now.arms] != [arm.key for arm in before.arms]:
        yield Problem(f"{at}/arms", "the set of arms is frozen while the experiment runs")


def _phase(
    document: Document, now: Experiment, previous: Document | None, before: dict[str, Experiment]
) -> int:
    earlier = before.get(now.key)
    if earlier is None or previous is None:
        return 1
    was_started = earlier.status != "draft"
    changed = _stretch(document, now) != _stretch(previous, earlier)
    return earlier.phase + (was_started and now.status == "running" and changed)


def _stretch(document: Document, experiment: Experiment) -> object:
    """Gather what must not change within a phase."""
    variants = {(p.key, v.key): (v.content, v.locales) for p in document.placements for v in p.variants}
    contents = [
        (placement, variant, variants.get((placement, variant or "")))
        for arm in experiment.arms
        for placement, variant in sorted(arm.variants.items())
    ]
    audiences = [
        (rule.key, rule.audience)
        for rule in sorted(document.rules, key=lambda rule: rule.key)
        if rule.deliver.experiment == experiment.key and rule.enabled
    ]
    # Stopping is a change too: what runs again after a stop has new visitors in another time.
    return [arm.weight for arm in experiment.arms], contents, audiences, experiment.status
