"""Rules that nobody ever sees, since higher ones take all whom they address; and rules of equal priority."""

from collections.abc import Iterator
from itertools import combinations, groupby

from app.admin.lint.exclusive import are_exclusive
from app.admin.lint.finding import Finding, Undecided
from app.admin.lint.site import Refined, Site
from app.admin.lint.solve import Impossible, Shown, Unknown
from app.engine.visitor import Visitor


def never_reached(site: Site) -> Iterator[Finding | Undecided]:
    """Find the rules that never show anything at a placement."""
    for placement, numbers in site.at.items():
        covering: list[int] = []
        for number in numbers:
            if covering:
                yield from _reached(site, number, placement, frozenset(covering))
            if site.delivers_to_all(number, placement):
                covering.append(number)


def _reached(site: Site, number: int, placement: str, above: frozenset[int]) -> Iterator[Finding | Undecided]:
    def first_above(visitor: Visitor) -> int | None:
        return next((other for other in site.addressed(visitor, placement) if other in above), None)

    # Most rules show something to the first visitor whom they address.
    met = site.meet(number)
    visitor = met.example.seen(site.ruleset) if isinstance(met, Shown) else None
    if isinstance(met, Impossible) or (visitor is not None and first_above(visitor) is None):
        return
    refined = site.refine([site.term(number)], lambda v: number in site.addressed(v, placement), first_above)
    rule = site.rule(number)
    pointer = f"/rules/{number}/placements/{rule.placements.index(placement)}"
    if isinstance(refined.answer, Unknown):
        yield Undecided(code="rule_never_reached", pointer=pointer, why=refined.answer.why)
    elif isinstance(refined.answer, Impossible) and refined.met is not None:
        yield _covered(site, number, placement, pointer, refined)


def _covered(site: Site, number: int, placement: str, pointer: str, refined: Refined) -> Finding:
    assert isinstance(refined.answer, Impossible)  # noqa: S101 - whoever calls has seen to it
    # The first of the terms is the rule's own; the others are those in its way.
    needed = [n for place, n in enumerate(refined.obstacles, start=1) if place in refined.answer.because]
    names = ", ".join(repr(site.rule(other).key) for other in needed)
    never = f"rule {site.rule(number).key!r} never shows at {placement!r}"
    return Finding(
        code="rule_never_reached",
        pointer=pointer,
        message=f"{never}: all it addresses get {names} first",
        others=[f"/rules/{other}" for other in needed],
        example=None if refined.met is None else site.told(refined.met, placement),
    )


def priority_ties(site: Site) -> Iterator[Finding | Undecided]:
    """Find rules of the same priority that one visitor can meet at one placement: their keys alone decide."""
    told: set[tuple[int, int]] = set()
    for placement, numbers in site.at.items():
        for _, level in groupby(numbers, key=lambda number: site.rule(number).priority):
            for pair in combinations(level, 2):
                site.solver.left_s()
                if pair not in told and not are_exclusive(*map(site.rule, pair)):
                    told.add(pair)
                    yield from _tied(site, *pair, placement)


def _tied(site: Site, first: int, second: int, placement: str) -> Iterator[Finding | Undecided]:
    pair = {first, second}
    answer = site.solver.ask(
        [site.term(first), site.term(second)], lambda v, _: pair <= set(site.addressed(v, placement))
    )
    pointer, others = f"/rules/{second}/priority", [f"/rules/{first}/priority"]
    if isinstance(answer, Unknown):
        yield Undecided(code="priority_tie", pointer=pointer, why=answer.why, others=others)
    elif isinstance(answer, Shown):
        rule = site.rule(second)
        message = (
            f"rules {site.rule(first).key!r} and {rule.key!r} have priority {rule.priority} at {placement!r},"
            " and whoever meets both sees the one whose key comes first in the alphabet"
        )
        example = site.told(answer.example, placement)
        yield Finding(
            code="priority_tie",
            severity="notice",
            pointer=pointer,
            message=message,
            others=others,
            example=example,
        )
