"""Stages that nobody can ever enter."""

from collections.abc import Iterator, Sequence

from app.admin.lint.finding import Finding, Undecided
from app.admin.lint.site import Site
from app.admin.lint.solve import Impossible, Shown, Unknown
from app.admin.lint.terms import No
from app.admin.lint.translate import stages_above_first
from app.engine.model import Journey, Stage

_CODE = "stage_never_holds"


def unreachable_stages(site: Site) -> Iterator[Finding | Undecided]:
    """Find the stages without a way in, below the one that always holds, and those that higher ones cover."""
    for i, journey in enumerate(site.document.journeys):
        above = stages_above_first(journey)
        for j, stage in enumerate(journey.stages[1:], start=1):
            pointer = f"/journeys/{i}/stages/{j}"
            if stage.when is None:
                message = f"stage {stage.key!r} has no `when`, so that nobody ever enters it"
                yield Finding(code=_CODE, pointer=pointer, message=message)
            elif stage not in above:
                message = f"stage {stage.key!r} stands below {journey.stages[0].key!r}, which always holds"
                yield _never(site, journey, stage, pointer, message, journey.stages[:1])
            else:
                yield from _covered(site, journey, stage, pointer, above[: above.index(stage)])


def _covered(
    site: Site, journey: Journey, stage: Stage, pointer: str, higher: list[Stage]
) -> Iterator[Finding | Undecided]:
    translation = site.translation
    entering = [translation.enters(stage), *(No(translation.enters(other)) for other in higher)]
    answer = site.solver.ask(entering, lambda visitor, _: visitor.stages[journey.key] == stage.key)
    if isinstance(answer, Unknown):
        yield Undecided(code=_CODE, pointer=pointer, why=answer.why)
    elif isinstance(answer, Impossible) and answer.because - {0}:
        covering = [higher[place - 1] for place in sorted(answer.because - {0})]
        names = ", ".join(other.key for other in covering)
        message = f"nobody enters stage {stage.key!r}: whoever could stands in {names}"
        yield _never(site, journey, stage, pointer, message, covering)


def _never(
    site: Site, journey: Journey, stage: Stage, pointer: str, message: str, instead: Sequence[Stage]
) -> Finding:
    """Say that nobody enters a stage, with somebody who meets its condition and stands elsewhere."""
    keys, root = [each.key for each in journey.stages], pointer.rpartition("/")[0]
    entering = site.translation.enters(stage)
    shown = site.solver.ask([entering], lambda visitor, _: visitor.stages[journey.key] != stage.key)
    return Finding(
        code=_CODE,
        pointer=pointer,
        message=message,
        others=[f"{root}/{keys.index(other.key)}" for other in instead],
        example=site.told(shown.example) if isinstance(shown, Shown) else None,
    )
