"""What visitors can meet at placements: nothing at all, or themes that do not go together."""

from collections.abc import Iterator
from itertools import product

import msgspec

from app.admin.lint.example import Example
from app.admin.lint.exclusive import are_exclusive
from app.admin.lint.finding import Finding, Undecided
from app.admin.lint.site import NAMES, Site
from app.admin.lint.solve import Shown, Unknown
from app.admin.lint.terms import InStage, Term
from app.engine.visitor import Visitor

_FALLBACK = "placement_without_fallback"
_SPENT = ", once caps are used up"
_BY_CHANCE = Unknown("experiments decide by chance who sees this, and of some visitors none did")


def missing_fallbacks(site: Site) -> Iterator[Finding | Undecided]:
    """Find the placements without a default at which somebody sees nothing, and say in which stages."""
    for i, placement in enumerate(site.document.placements):
        if placement.default is None:
            yield from _missing_fallback(site, placement.key, f"/placements/{i}/default")


def _missing_fallback(site: Site, placement: str, pointer: str) -> Iterator[Finding | Undecided]:
    journey = site.translation.primary
    found: dict[str | None, tuple[Example, bool]] = {}
    for stage in [None] if journey is None else [each.key for each in journey.stages]:
        # Whoever has not used up any cap shows it best.
        for spent in (False, True) if site.has_caps(placement) else (False,):
            example = _seeing_nothing(site, placement, stage, spent=spent)
            if isinstance(example, Unknown):
                yield Undecided(code=_FALLBACK, pointer=pointer, why=example.why)
            elif example is not None:
                found[stage] = example, spent
                break
    if found:
        stages = [stage for stage in found if stage is not None]
        where = f" in stage {', '.join(stages)}" if stages else ""
        example, spent = next(iter(found.values()))
        message = f"placement {placement!r} has no default, and some visitors{where} see nothing there"
        message += _SPENT if spent else ""
        told = site.told(example, placement)
        yield Finding(code=_FALLBACK, pointer=pointer, message=message, example=told)


def _seeing_nothing(
    site: Site, placement: str, stage: str | None, *, spent: bool
) -> Example | Unknown | None:
    """Find somebody in a stage who sees nothing; with `spent`, once caps are used up."""
    journey = site.translation.primary
    terms: list[Term] = [] if journey is None or stage is None else [InStage(journey.key, stage)]

    def shown(visitor: Visitor) -> int | None:
        return site.shown(visitor, [placement], spent=spent)[0]

    def shown_whatever_the_name(visitor: Visitor) -> int | None:
        number = None
        for name in NAMES:
            visitor.standing = msgspec.structs.replace(visitor.standing, visitor=name)
            number = shown(visitor)
            if number is None:
                return None
        return number

    answer = site.refine(terms, lambda visitor: visitor.stage == stage, shown_whatever_the_name).answer
    if isinstance(answer, Shown):
        return site.named(answer.example, lambda visitor: shown(visitor) is None)
    return answer if isinstance(answer, Unknown) else None


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
    unsure: list[Finding | Undecided] = []
    for one, other in product(shown, others):
        site.solver.left_s()
        if one[1] != other[1] and not are_exclusive(site.rule(one[0]), site.rule(other[0])):
            found = list(_both(site, one, other))
            if any(isinstance(each, Finding) for each in found):
                yield found[-1]
                return
            unsure += found
    yield from unsure


def _both(site: Site, *pair: tuple[int, str]) -> Iterator[Finding | Undecided]:
    """See whether one visitor is shown what both rules deliver."""
    numbers, placements = [number for number, _ in pair], [placement for _, placement in pair]
    later, earlier = max(numbers), min(numbers)
    pointer, others = f"/rules/{later}/theme", [f"/rules/{earlier}/theme"]
    for spent in (False, True) if site.has_caps(*placements) else (False,):
        example = _shown_both(site, numbers, placements, spent=spent)
        if isinstance(example, Unknown):
            yield Undecided(code="theme_conflict", pointer=pointer, why=example.why, others=others)
        elif example is not None:
            one, other = site.rule(earlier), site.rule(later)
            message = (
                f"one visitor sees {one.key!r} with theme {one.theme!r} and {other.key!r} with theme"
                f" {other.theme!r} on one page, at {' and '.join(map(repr, placements))}"
            ) + (_SPENT if spent else "")
            told = site.told(example, *placements)
            yield Finding(
                code="theme_conflict", pointer=pointer, message=message, others=others, example=told
            )
            return


def _shown_both(
    site: Site, numbers: list[int], placements: list[str], *, spent: bool
) -> Example | Unknown | None:
    """Find somebody who sees both; with `spent`, once the caps of other rules are used up."""
    pair = list(zip(numbers, placements, strict=True))

    def shown(visitor: Visitor) -> list[int | None]:
        return site.shown(visitor, placements, spent=spent, spared=numbers)

    def in_the_way(visitor: Visitor) -> int | None:
        return next((n for n in shown(visitor) if n is not None and n not in numbers), None)

    def addressed(visitor: Visitor) -> bool:
        return all(number in site.addressed(visitor, placement) for number, placement in pair)

    answer = site.refine([site.term(number) for number in numbers], addressed, in_the_way).answer
    if isinstance(answer, Shown):
        return site.named(answer.example, lambda visitor: shown(visitor) == numbers) or _BY_CHANCE
    return answer if isinstance(answer, Unknown) else None
