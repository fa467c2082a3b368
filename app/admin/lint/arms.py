"""Experiments whose arms do not say what they show where another arm does."""

from collections.abc import Iterator
from typing import Any

import msgspec

from app.admin.lint.example import Example
from app.admin.lint.finding import Finding
from app.admin.lint.site import Site
from app.admin.lint.solve import Shown
from app.engine.evaluate import evaluate
from app.engine.model import Experiment
from app.engine.problems import escaped


def missing_placements(site: Site) -> Iterator[Finding]:
    """Find the arms that leave a placement out. To leave it to the next rule, an arm says null there."""
    for i, experiment in enumerate(site.document.experiments):
        if experiment.status == "archived":
            continue
        at = f"/experiments/{i}/arms"
        said = {placement: j for j, arm in enumerate(experiment.arms) for placement in arm.variants}
        for j, arm in enumerate(experiment.arms):
            for placement in [placement for placement in said if placement not in arm.variants]:
                other = experiment.arms[said[placement]].key
                yield _missing(
                    site.told_of(_somebody(site, experiment, arm.key, placement), placement),
                    f"{at}/{j}/variants",
                    f"arm {arm.key!r} says nothing of {placement!r}, as arm {other!r} does",
                    f"{at}/{said[placement]}/variants/{escaped(placement)}",
                )
        yield from _of_no_arm(site, experiment, at, frozenset(said))


def _of_no_arm(site: Site, experiment: Experiment, at: str, said: frozenset[str]) -> Iterator[Finding]:
    """Find where rules deliver an experiment of which no arm says anything."""
    for number in site.asked:
        rule = site.rule(number)
        if rule.deliver.experiment != experiment.key:
            continue
        for k, placement in enumerate(rule.placements):
            if placement not in said:
                example = _somebody(site, experiment, experiment.arms[0].key, placement)
                what = f"rule {rule.key!r} delivers experiment {experiment.key!r} at {placement!r}"
                message = f"{what}, of which none of its arms says anything"
                told = site.told_of(example, placement)
                yield _missing(told, f"/rules/{number}/placements/{k}", message, at)


def _missing(example: dict[str, Any] | None, pointer: str, message: str, other: str) -> Finding:
    hint = "; say null to leave it to the next rule"
    return Finding(
        code="arm_misses_placement",
        pointer=pointer,
        message=message + hint,
        others=[other],
        example=example,
    )


def _somebody(site: Site, experiment: Experiment, arm: str, placement: str) -> Example | None:
    """Find somebody in an arm whom the experiment shows nothing at a placement."""
    for number in site.at[placement]:
        if site.rule(number).deliver.experiment == experiment.key:
            answer = site.meet(number)
            if isinstance(answer, Shown):
                arms = {**answer.example.arms, experiment.key: arm}
                example = msgspec.structs.replace(answer.example, arms=arms)
                visitor = example.seen(site.ruleset)
                if visitor is not None:
                    chosen = evaluate(site.ruleset, visitor, [placement]).placements[placement]
                    return example if chosen.experiment != experiment.key else None
    return None
