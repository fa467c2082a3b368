"""What is refused when a draft is published, and not of a revision that was published with it before."""

from collections.abc import Iterable, Iterator

from app.engine.comparisons import asks_beyond, comparisons_in
from app.engine.model import Condition, Document
from app.engine.named import Names
from app.engine.names import locale_named
from app.engine.problems import Findings, Problem
from app.engine.references import conditions_of_visitors
from app.kit.zones import is_machines_own


def unpublishable(document: Document) -> Findings:
    """Find what no draft may say; what is in force with it stays in force."""
    names = Names(document)
    for i, key in enumerate(document.holdout.metrics):
        yield from names.missing(f"/holdout/metrics/{i}", "metric", key, names.metrics)
    for pointer, condition in conditions_of_visitors(document):
        yield from _check_segments(pointer, condition)
        yield None
    yield from _check_zone("/site/timezone", document.site.timezone)
    for i, placement in enumerate(document.placements):
        for j, variant in enumerate(placement.variants):
            yield from _check_locales(f"/placements/{i}/variants/{j}/locales", variant.locales)
        yield None
    for i, rule in enumerate(document.rules):
        if rule.schedule is not None and rule.schedule.timezone is not None:
            yield from _check_zone(f"/rules/{i}/schedule/timezone", rule.schedule.timezone)
        yield None


def _check_segments(pointer: str, condition: Condition) -> Iterator[Problem]:
    """Find what cannot be told where it is asked: only the segments that it names are known by then."""
    for comparison in comparisons_in(condition, pointer):
        if comparison.path == ("segments",) and asks_beyond(comparison):
            yield Problem(comparison.pointer, "must ask for segments by name, with $in, $nin or $all")


def _check_zone(pointer: str, name: str) -> Iterator[Problem]:
    if is_machines_own(name):
        yield Problem(pointer, f"{name!r} is not the same on every machine: name a zone like Europe/London")


def _check_locales(pointer: str, locales: Iterable[str]) -> Iterator[Problem]:
    spelled: dict[str, str] = {}
    for locale in locales:
        first = spelled.setdefault(locale_named(locale), locale)
        if first != locale:
            yield Problem(f"{pointer}/{locale}", f"is the same locale as {first!r}: leave one of them")
