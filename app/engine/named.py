"""What the parts of a document can refer to, and what is said of a name that stands for nothing."""

from bisect import bisect
from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from app.engine.model import Document, Journey
from app.engine.problems import Problem, did_you_mean, shown

ROOTS = ("context", "events", "profile", "segments", "stage", "stages", "traits")

# To compare two names takes up to 50 µs, so each is compared with few, and not every one of thousands.
_COMPARED = 20
_HINTS = 20


class Names:
    """The names in a document: placements with their variants, the primary journey's stages, and so on."""

    def __init__(self, document: Document) -> None:
        primary = primary_journey_of(document)
        self.placements: Mapping[str, Collection[str]] = {
            placement.key: _keys_of(placement.variants) for placement in document.placements
        }
        self.segments = _keys_of(document.segments)
        self.journeys = _keys_of(document.journeys)
        self.stages = _keys_of(primary.stages) if primary is not None else ()
        self.metrics = _keys_of(document.metrics)
        self.groups = _keys_of(document.exclusion_groups)
        self.experiments = _keys_of(document.experiments)
        self._hints_left = _HINTS

    def missing(
        self, pointer: str, word: str, name: str, known: Collection[str], where: str = ""
    ) -> Iterator[Problem]:
        """Say that a name stands for nothing and, of the first such names, which one may have been meant."""
        if name not in known:
            yield Problem(pointer, f"there is no {word} {name!r}{where}{self._hint(name, known)}")

    def has_attribute(self, path: str) -> bool:
        """Tell whether a path starts at something that visitors have."""
        root, _, rest = path.partition(".")
        return root in ROOTS and (root != "stages" or rest in self.journeys)

    def _hint(self, name: str, known: Collection[str]) -> str:
        if not self._hints_left:
            return ""
        self._hints_left -= 1
        close = get_close_matches(name, _compared(name, known), n=1)
        return f"; did you mean {close[0]!r}?" if close else ""


def unknown_attribute(root: str, roots: Iterable[str] = ROOTS) -> str:
    """Say that nothing of this name can be asked for, and what can."""
    return f"there is no attribute {shown(root)}; {did_you_mean(root, roots)}"


def primary_journey_of(document: Document) -> Journey | None:
    """Find the journey that gives a visitor's `stage`: the primary one, else the first listed."""
    listed = document.journeys
    return next((journey for journey in listed if journey.primary), listed[0] if listed else None)


def _keys_of(parts: Iterable[Any]) -> Collection[str]:
    # A dict finds a name at once, and keeps the document's order for the hints.
    return dict.fromkeys(part.key for part in parts)


def _compared(name: str, known: Collection[str]) -> Collection[str]:
    """Choose the names to compare one with: where there are many, its neighbours in the alphabet."""
    if len(known) <= _COMPARED:
        return known
    listed = sorted(known)
    place = bisect(listed, name)
    return listed[max(0, place - _COMPARED // 2) : place + _COMPARED // 2]
