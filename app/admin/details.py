"""How two documents differ, field by field, as people read it; nothing is read or written here."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import msgspec
from pydantic import BaseModel, Field

from app.admin.difference import Difference, Resource
from app.engine.problems import escaped

MOST_FIELDS = 1_000
LONGEST = 500

# JSON has no such thing, so that it can stand for what is not there.
_NOTHING = object()


class FieldChange(BaseModel):
    """One field: null stands for what is not there. Of a long value the beginning is told, ending in `…`."""

    pointer: str
    before: Any = None
    after: Any = None


class ResourceChange(BaseModel):
    """What changed of one resource, which people know by its name."""

    name: str = Field(examples=["rules/hero-test"])
    fields: list[FieldChange]


class Details(BaseModel):
    """Each field that differs. Of very many the first are told, and `cut` says that there are more."""

    resources: list[ResourceChange]
    cut: bool = Field(description=f"Whether only the first {MOST_FIELDS:,} fields are told.")


def details_of(difference: Difference) -> Details:
    """Tell what each resource had and has: the removed ones first, then the added, then the changed."""
    told: list[ResourceChange] = []
    left = MOST_FIELDS
    for name, changes in _resources(difference):
        fields = list(islice(changes, left + 1))
        if fields[:left]:
            told.append(ResourceChange(name=name, fields=fields[:left]))
        if len(fields) > left:
            return Details(resources=told, cut=True)
        left -= len(fields)
    return Details(resources=told, cut=False)


def _resources(difference: Difference) -> Iterator[tuple[str, Iterator[FieldChange]]]:
    for gone in difference.removed:
        yield gone.name, _fields(gone.document, _NOTHING, gone.pointer)
    for new in difference.added:
        yield new.name, _fields(_NOTHING, new.document, new.pointer)
    for was, now in difference.changed:
        yield now.name, _changed(was, now)


def _changed(was: Resource, now: Resource) -> Iterator[FieldChange]:
    return _fields(was.document, now.document, now.pointer)


def _fields(before: Any, after: Any, at: str) -> Iterator[FieldChange]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for field in {**before, **after}:
            yield from _fields(
                before.get(field, _NOTHING), after.get(field, _NOTHING), f"{at}/{escaped(field)}"
            )
    elif _is_keyed(before) and _is_keyed(after):
        yield from _parts(before, after, at)
    elif not _same(before, after):
        yield FieldChange(pointer=at, before=_shown(before), after=_shown(after))


def _parts(before: list[Any], after: list[Any], at: str) -> Iterator[FieldChange]:
    """Compare parts that have keys, such as variants, whichever places they stand at."""
    old = {part["key"]: (place, part) for place, part in enumerate(before)}
    new = {part["key"]: (place, part) for place, part in enumerate(after)}
    for key in {**old, **new}:
        was, now = old.get(key, (0, _NOTHING)), new.get(key, (0, _NOTHING))
        place = now[0] if key in new else was[0]
        yield from _fields(was[1], now[1], f"{at}/{place}")
    order = [key for key in old if key in new], [key for key in new if key in old]
    if order[0] != order[1]:
        yield FieldChange(pointer=at, before=_shown(list(old)), after=_shown(list(new)))


def _is_keyed(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(part, Mapping) and "key" in part for part in value)


def _same(before: Any, after: Any) -> bool:
    """Whether both say the same, to the type."""
    if before is _NOTHING or after is _NOTHING:
        return before is after
    return _encoded(before) == _encoded(after)


def _shown(value: Any) -> Any:
    if value is _NOTHING:
        return None
    text = _encoded(value).decode()
    return value if len(text) <= LONGEST else text[:LONGEST] + "…"


def _encoded(value: Any) -> bytes:
    return msgspec.json.encode(value, order="deterministic")
