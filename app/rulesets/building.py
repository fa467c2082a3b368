"""From a revision's JSON to a ruleset, in steps that nobody notices."""

from typing import Any

from app.engine.compile import compiling, parsing
from app.engine.ruleset import Ruleset
from app.kit.steps import Steps, letting_go


def building(plain: dict[str, Any], revision: int, *, idle: bool = False) -> Steps[Ruleset]:
    """Compile a document, which is emptied; raises Problems. `idle` as for `compiling`.

    To free all of a large document at once would take longer than any other step.
    """
    document = yield from parsing(plain)
    yield from letting_go(*(value for value in plain.values() if isinstance(value, list)))
    ruleset = yield from compiling(document, revision, idle=idle)
    rules = [*document.rules]
    del document
    yield from letting_go(rules)
    return ruleset
