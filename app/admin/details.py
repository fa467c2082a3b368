"""What exactly differs within the resources of a site, for people to read."""

from collections.abc import Iterator, Mapping
from typing import Any, NotRequired

import msgspec
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from app.admin.difference import Changes, Difference, Resource
from app.engine.problems import escaped
from app.kit.steps import Steps, finished

MOST = 1_000
LONGEST = 400

_MISSING = object()


class Detail(TypedDict):
    """One place that differs: a JSON pointer into the resource, empty for all of it.

    There is no `before` where nothing was, and no `after` where nothing is. `shortened` names those of the
    two that are long: of them stands here how their JSON begins, as text.
    """

    pointer: str
    before: NotRequired[Any]
    after: NotRequired[Any]
    shortened: NotRequired[list[str]]


class Details(BaseModel):
    """What differs, by the name of the resource, such as `rules/hero-test`; `cut` where there is more."""

    resources: dict[str, list[Detail]] = Field(default_factory=dict)
    cut: bool = False


class ReadableChanges(Changes):
    """What differs, and within each resource where: at most 1,000 places."""

    details: Details


def details_of(change: Difference) -> Details:
    """Tell what differs: what is removed first, then what changed, then what is new."""
    return finished(detailing(change))


def detailing(change: Difference) -> Steps[Details]:
    """Tell what differs, a resource at a time."""
    details, room = Details(), MOST
    for before, after in _pairs(change):
        yield
        name = (after or before).name  # type: ignore[union-attr] # one of the two is there
        for detail in _details(before, after):
            if not room:
                details.cut = True
                return details
            details.resources.setdefault(name, []).append(detail)
            room -= 1
    return details


def _pairs(change: Difference) -> Iterator[tuple[Resource | None, Resource | None]]:
    yield from ((resource, None) for resource in change.removed)
    yield from change.changed
    yield from ((None, resource) for resource in change.added)


def _details(before: Resource | None, after: Resource | None) -> Iterator[Detail]:
    was = _MISSING if before is None else before.document
    now = _MISSING if after is None else after.document
    return _differing("", was, now)


def _differing(at: str, was: Any, now: Any) -> Iterator[Detail]:
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        yield from _differing_fields(at, was, now)
    elif _are_keyed(was) and _are_keyed(now):
        yield from _differing_keyed(at, was, now)
    elif isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        for index, (one, other) in enumerate(zip(was, now, strict=True)):
            yield from _differing(f"{at}/{index}", one, other)
    elif was is _MISSING or now is _MISSING or _canonical(was) != _canonical(now):
        yield _detail(at, was, now)


def _differing_fields(at: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Detail]:
    for field in [*was, *(field for field in now if field not in was)]:
        yield from _differing(f"{at}/{escaped(field)}", was.get(field, _MISSING), now.get(field, _MISSING))


def _differing_keyed(at: str, was: list[Any], now: list[Any]) -> Iterator[Detail]:
    """Compare by key, so that one more at the beginning is not another one everywhere.

    A place is that in the later list, and that in the earlier one for what is gone.
    """
    old, new = ({each["key"]: (place, each) for place, each in enumerate(given)} for given in (was, now))
    for key, (place, each) in old.items():
        if key not in new:
            yield _detail(f"{at}/{place}", each, _MISSING)
    for key, (place, each) in new.items():
        yield from _differing(f"{at}/{place}", old[key][1] if key in old else _MISSING, each)
    if [key for key in old if key in new] != [key for key in new if key in old]:
        # Their order may be all that differs: so much of them as tells it.
        yield _detail(at, [*old], [*new])


def _are_keyed(value: Any) -> bool:
    if not isinstance(value, list) or not value:
        return False
    keys = [each.get("key") if isinstance(each, Mapping) else None for each in value]
    return all(isinstance(key, str) for key in keys) and len(set(keys)) == len(keys)


def _detail(at: str, was: Any, now: Any) -> Detail:
    detail, shortened = Detail(pointer=at), []
    if was is not _MISSING:
        detail["before"] = _shown(was)
        shortened += ["before"] * (detail["before"] is not was)
    if now is not _MISSING:
        detail["after"] = _shown(now)
        shortened += ["after"] * (detail["after"] is not now)
    if shortened:
        detail["shortened"] = shortened
    return detail


def _shown(value: Any) -> Any:
    """Give the value itself, or how its JSON begins where it is long."""
    text = msgspec.json.encode(value).decode()
    return value if len(text) <= LONGEST else text[:LONGEST] + "…"


def _canonical(value: Any) -> bytes:
    return msgspec.json.encode(value, order="deterministic")
