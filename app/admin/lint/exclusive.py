"""Whether two rules plainly address nobody in common, told without a solver."""

from collections.abc import Iterator
from typing import Any

from app.admin.lint.domains import domain_of
from app.engine.conjuncts import conjuncts_of
from app.engine.event_attributes import normalized
from app.engine.model import Rule


def are_exclusive(one: Rule, other: Rule) -> bool:
    """Whether both ask for one attribute's value, and for none in common; False where it is not plain."""
    first, second = dict(_texts_asked(one)), dict(_texts_asked(other))
    return any(first[path].isdisjoint(second[path]) for path in first.keys() & second.keys())


def _texts_asked(rule: Rule) -> Iterator[tuple[str, frozenset[Any]]]:
    """List the attributes that must be one of some texts. Who may be in two segments is not among them."""
    if rule.audience.stages:
        yield "stage", frozenset(rule.audience.stages)
    for conjunct in conjuncts_of(rule.audience.condition):
        literals = conjunct.operand if conjunct.operator == "$in" else [conjunct.operand]
        # An array may hold several texts, so only what is never one can be asked with $in.
        single = conjunct.operator == "$eq" or (
            conjunct.operator == "$in" and not domain_of(normalized(conjunct.path)).arrays
        )
        if single and conjunct.path and all(type(literal) is str for literal in literals):  # type: ignore[attr-defined] # an array
            yield conjunct.path, frozenset(literals)  # type: ignore[call-overload] # an array
