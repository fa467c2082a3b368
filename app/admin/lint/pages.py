"""What visitors can meet at placements: nothing at all, or themes that do not go together."""

from collections.abc import Iterator
from itertools import product

import msgspec

from app.admin.lint.example import Example
from app.admin.lint.exclusive import are_exclusive
from app.admin.lint.finding import Finding, Undecided
from app.admin.lint.site import Site
from app.admin.lint.solve import Shown, Unknown
from app.admin.lint.terms import InStage, Term
from app.engine.model import Placement
from app.engine.visitor import Visitor

# An experiment takes some visitors in and not others: of so many, one is perhaps left out.
_NAMES = 8


def missing_fallbacks(site: Site) -> Iterator[Finding | Undecided]:
    """Find the placements without a default at which somebody sees nothing, and say in which stages."""
    for i, placement in enumerate(site.document.placements):
        if placement.default is None:
            yield from _missing_fallback(site, placement, f"/placements/{i}/default")


def _missing_fallback(site: Site, placement: Placement, pointer: str) -> Iterator[Finding | Undecided]:
    journey = site.translation.primary
    shown: dict[str | None, Example] = {}
    for stage in [None] if journey is None else [each.key for each in journey.stages]:
        terms: list[Term] = [] if journey is None or stage is None else [InStage(journey.key, stage)]

        def stands_there(visitor: Visitor, stage: str | None = stage) -> bool:
            return visitor.stage == stage

        refined = site.refine(terms, stands_there, lambda v: _anything(site, v, placement.key))
        if isinstance(refined.answer, Shown):
            shown[stage] = refined.answer.example
        elif isinstance(refined.answer, Unknown):
            yield Undecided(code="placement_without_fallback", pointer=pointer, why=refined.answer.why)
    if shown:
        stages = [stage for stage in shown if stage is not None]
        where = f" in stage {', '.join(stages)}" if stages else ""
        message = f"placement {placement.key!r} has no default, and some visitors{where} see nothing there"
        example = next(iter(shown.values()))
        yield Finding(
            code="placement_without_fallback",
            pointer=pointer,
            message=message,
            example=site.told(example, placement.key),
        )


def _anything(site: Site, visitor: Visitor, placement: str) -> int | None:
    """Number the rule that shows something to a visitor; None where somebody like that sees nothing."""
    number = None
    for i in range(_NAMES):
        visitor.standing = msgspec.structs.replace(
            visitor.standing, visitor=f"{visitor.standing.visitor}{i or ''}"
        )
        number = site.shown(visitor, [placement])[0]
        if number is None:
            return None
    return number


def theme_conflicts(site: Site) -> Iterator[Finding | Undecided]:
    """Find rules of different themes that one visitor meets at two placements of one page.

    A page is what the keys of its placements begin with, up to the first dot. Of two themes on one page the
    first such pair is told.
    """
    pages: dict[str, dict[str, list[tuple[int, str]]]] = {}
    for placement, numbers in site.at.items():
        page, dot, _ = placement.partition(".")
        for number in numbers if dot else ():
            theme = site.rule(number).theme
            if theme is not None:
                pages.setdefault(page, {}).setdefault(theme, []).append((number, placement))
    for themes in pages.values():
        listed = list(themes)
        for place, theme in enumerate(listed):
            for other in listed[place + 1 :]:
                yield from _conflict(site, themes[theme], themes[other])


def _conflict(
    site: Site, shown: list[tuple[int, str]], others: list[tuple[int, str]]
) -> Iterator[Finding | Undecided]:
    unsure: list[Undecided] = []
    for one, other in product(shown, others):
        site.solver.left_s()
        if one[1] != other[1] and not are_exclusive(site.rule(one[0]), site.rule(other[0])):
            for found in _both(site, one, other):
                if isinstance(found, Finding):
                    yield found
                    return
                unsure.append(found)
    yield from unsure


def _both(site: Site, *pair: tuple[int, str]) -> Iterator[Finding | Undecided]:
    """See whether one visitor is shown what both rules deliver."""
    numbers, placements = [number for number, _ in pair], [placement for _, placement in pair]

    def in_the_way(visitor: Visitor) -> int | None:
        found = site.shown(visitor, placements, spared=numbers)
        return next(
            (is_ for is_, wanted in zip(found, numbers, strict=True) if is_ not in {wanted, None}), None
        )

    def addressed(visitor: Visitor) -> bool:
        return all(number in site.addressed(visitor, placement) for number, placement in pair)

    answer = site.refine([site.term(number) for number in numbers], addressed, in_the_way).answer
    later, earlier = max(numbers), min(numbers)
    pointer, there = f"/rules/{later}/theme", [f"/rules/{earlier}/theme"]
    if isinstance(answer, Unknown):
        yield Undecided(code="theme_conflict", pointer=pointer, why=answer.why, others=there)
    elif isinstance(answer, Shown):
        visitor = answer.example.seen(site.ruleset)
        if visitor is not None and site.shown(visitor, placements, spared=numbers) == numbers:
            one, other = site.rule(earlier), site.rule(later)
            message = (
                f"one visitor sees {one.key!r} with theme {one.theme!r} and {other.key!r} with theme"
                f" {other.theme!r} on one page, at {' and '.join(map(repr, placements))}"
            )
            example = site.told(answer.example, *placements)
            yield Finding(
                code="theme_conflict", pointer=pointer, message=message, others=there, example=example
            )
