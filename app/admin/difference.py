"""How two documents of a site differ, resource by resource; nothing is read or written here."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from pydantic import BaseModel, Field

from app.engine.model import Document
from app.kit.steps import Steps, finished

SINGLES = frozenset({"site", "holdout"})
FIELDS = Document.__struct_fields__


class Resource(msgspec.Struct, frozen=True):
    """One resource of a document. `site` and `holdout` stand alone; the others in a list, at `position`."""

    kind: str
    key: str
    position: int
    document: Mapping[str, Any]

    @property
    def pointer(self) -> str:
        """The JSON pointer of its place in the document."""
        return f"/{self.kind}" if self.kind in SINGLES else f"/{self.kind}/{self.position}"

    @property
    def name(self) -> str:
        """What people call it: `rules/hero-test`."""
        return self.kind if self.kind in SINGLES else f"{self.kind}/{self.key}"

    def equals(self, other: "Resource") -> bool:
        """Whether both say the same, to the type: in JSON, unlike in Python, 1 is not true."""
        return _canonical(self.document) == _canonical(other.document)


class Changes(BaseModel):
    """What differs: JSON pointers into the later document, and into the earlier one for what was removed."""

    added: list[str]
    changed: list[str]
    removed: list[str]
    reordered: list[str] = Field(description="Lists in which resources that stayed stand in another order.")


class Difference(msgspec.Struct, frozen=True):
    """From one document to another. `changed` pairs before with after; `moved` has another position only."""

    added: tuple[Resource, ...]
    changed: tuple[tuple[Resource, Resource], ...]
    removed: tuple[Resource, ...]
    moved: tuple[Resource, ...]
    reordered: tuple[str, ...]

    def pointers(self) -> Changes:
        """Say it as an answer."""
        return Changes(
            added=[resource.pointer for resource in self.added],
            changed=[after.pointer for _, after in self.changed],
            removed=[resource.pointer for resource in self.removed],
            reordered=[f"/{kind}" for kind in self.reordered],
        )


def resources_of(document: Mapping[str, Any]) -> Iterator[Resource]:
    """Take a document apart."""
    for kind in FIELDS:
        if kind in SINGLES and kind in document:
            yield Resource(kind, kind, 0, document[kind])
        elif kind not in SINGLES:
            for position, resource in enumerate(document.get(kind, ())):
                yield Resource(kind, resource["key"], position, resource)


def document_of(by_kind: Mapping[str, list[Any]]) -> dict[str, Any]:
    """Put a document together from what there is of each kind, in order; a list without any is left out."""
    return {
        kind: by_kind[kind][0] if kind in SINGLES else by_kind[kind] for kind in FIELDS if kind in by_kind
    }


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> Difference:
    """Compare two documents."""
    return finished(differing(before, after))


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> Steps[Difference]:
    """Compare two documents, a resource at a time."""
    old, new = (yield from _by_place(before)), (yield from _by_place(after))
    added, changed, moved = [], [], []
    places: dict[str, list[int]] = {}
    for place, resource in new.items():
        yield
        was = old.pop(place, None)
        if was is None:
            added.append(resource)
            continue
        places.setdefault(resource.kind, []).append(was.position)
        if not was.equals(resource):
            changed.append((was, resource))
        elif was.position != resource.position:
            moved.append(resource)
    reordered = tuple(kind for kind in FIELDS if not _is_sorted(places.get(kind, [])))
    return Difference(tuple(added), tuple(changed), tuple(old.values()), tuple(moved), reordered)


def _by_place(document: Mapping[str, Any]) -> Steps[dict[tuple[str, str], Resource]]:
    found = {}
    for resource in resources_of(document):
        found[resource.kind, resource.key] = resource
        yield
    return found


def _is_sorted(places: list[int]) -> bool:
    return places == sorted(places)


def _canonical(document: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode(document, order="deterministic")
