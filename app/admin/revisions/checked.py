"""Whether a draft can be published, and what is to be said of it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from app.engine.arms import HOLDOUT
from app.engine.compile import compiling, parsing
from app.engine.conditions import warnings_of
from app.engine.metrics import named_again, outliving
from app.engine.model import Document
from app.engine.never_there import never_there, stages_of
from app.engine.phases import advancing
from app.engine.problems import Problem, Problems
from app.engine.publishable import unpublishable
from app.engine.references import conditions_of
from app.kit.steps import Steps, letting_go


class Checked(msgspec.Struct, frozen=True):
    """A sound draft: the phase of each experiment by its key, and what is allowed and perhaps not meant.

    The holdout is among them from its second phase on.
    """

    phases: dict[str, int]
    warnings: list[Problem]


def checking(
    draft: dict[str, Any], previous: dict[str, Any] | None, number: int, reached: Mapping[str, int]
) -> Steps[Checked]:
    """See that a draft compiles, and that it may follow the revision before it; both are emptied.

    `reached` are the highest phases that its new experiments had in earlier revisions.

    Raises:
        Problems: everything that is wrong with the draft.

    """
    document = yield from _parsing(draft)
    problems: list[Problem] = []
    try:
        document = yield from _advancing(document, previous, reached)
    except Problems as error:
        problems += error.problems
    try:
        yield from _compiling(document, number)
    except Problems as error:
        problems += error.problems
    for finding in unpublishable(document):
        if finding is not None:
            problems.append(finding)
        yield
    if problems:
        raise Problems(problems)
    phases = {e.key: e.phase for e in document.experiments}
    if document.holdout.phase > 1:
        phases[HOLDOUT] = document.holdout.phase
    checked = Checked(phases, (yield from _warning(document)))
    rules = [*document.rules]
    del document
    yield from letting_go(rules)
    return checked


def _parsing(plain: dict[str, Any]) -> Steps[Document]:
    document = yield from parsing(plain)
    yield from letting_go(*(value for value in plain.values() if isinstance(value, list)))
    return document


def _advancing(
    document: Document, previous: dict[str, Any] | None, reached: Mapping[str, int]
) -> Steps[Document]:
    if previous is None:
        return (yield from advancing(document, None, reached))
    before = yield from _parsing(previous)
    advanced = yield from advancing(document, before, reached)
    rules = [*before.rules]
    del before
    yield from letting_go(rules)
    return advanced


def _compiling(document: Document, number: int) -> Steps[None]:
    ruleset = yield from compiling(document, number)
    parts = [*ruleset.rules, *ruleset.index.questions]
    del ruleset
    yield from letting_go(parts)


def _warning(document: Document) -> Steps[list[Problem]]:
    warnings = [*outliving(document), *named_again(document)]
    stages = stages_of(document)
    for pointer, condition in conditions_of(document):
        warnings += warnings_of(condition, pointer=pointer)
        warnings += never_there(condition, stages, pointer=pointer)
        yield
    return warnings
