"""From a draft to what a revision keeps of it: checked, with the phases of its experiments, and encoded."""

from collections.abc import Iterator
from typing import Any

import msgspec

from app.engine.compile import compiling, parsing
from app.engine.conditions import warnings_of
from app.engine.model import Document
from app.engine.phases import advancing
from app.engine.problems import Problem, Problems
from app.engine.references import conditions_of
from app.kit.steps import Steps, letting_go


class Frozen(msgspec.Struct, frozen=True):
    """A document as JSON, and what in it is allowed and perhaps not meant."""

    document: str
    warnings: list[Problem]


def freezing(draft: dict[str, Any], previous: dict[str, Any] | None, number: int) -> Steps[Frozen]:
    """See that a draft compiles after the revision before it; both are emptied.

    Raises:
        Problems: everything that is wrong with the draft.

    """
    document = yield from _checking(draft, previous, number)
    frozen = Frozen((yield from _encoding(draft, document)), (yield from _warning(document)))
    rules = [*document.rules]
    del document
    yield from letting_go(rules, *_lists(draft))
    return frozen


def _checking(draft: dict[str, Any], previous: dict[str, Any] | None, number: int) -> Steps[Document]:
    document = yield from parsing(draft)
    problems: list[Problem] = []
    try:
        document = yield from _advancing(document, previous)
    except Problems as error:
        problems += error.problems
    try:
        ruleset = yield from compiling(document, number)
    except Problems as error:
        problems += error.problems
    if problems:
        raise Problems(problems)
    parts = [*ruleset.rules, *ruleset.index.questions]
    del ruleset
    yield from letting_go(parts)
    return document


def _advancing(document: Document, previous: dict[str, Any] | None) -> Steps[Document]:
    if previous is None:
        return (yield from advancing(document, None))
    before = yield from parsing(previous)
    yield from letting_go(*_lists(previous))
    advanced = yield from advancing(document, before)
    rules = [*before.rules]
    del before
    yield from letting_go(rules)
    return advanced


def _encoding(draft: dict[str, Any], document: Document) -> Steps[str]:
    """Write the draft as JSON, each of its experiments with its phase."""
    fields = []
    phases = iter(document.experiments)
    for field, value in draft.items():
        if not isinstance(value, list):
            fields.append(_member(field, msgspec.json.encode(value)))
            continue
        items = []
        for item in value:
            phase = {"phase": next(phases).phase} if field == "experiments" else {}
            items.append(msgspec.json.encode({**item, **phase}))
            yield
        fields.append(_member(field, b"[%b]" % b",".join(items)))
    return (b"{%b}" % b",".join(fields)).decode()


def _member(field: str, value: bytes) -> bytes:
    return b"%b:%b" % (msgspec.json.encode(field), value)


def _warning(document: Document) -> Steps[list[Problem]]:
    warnings = []
    for pointer, condition in conditions_of(document):
        warnings += warnings_of(condition, pointer=pointer)
        yield
    return warnings


def _lists(document: dict[str, Any]) -> Iterator[list[Any]]:
    return (value for value in document.values() if isinstance(value, list))
