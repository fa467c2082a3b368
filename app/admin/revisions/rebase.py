"""What was made from one document, upon another that has taken its place; nothing is read or written here."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.admin.difference import Difference, Resource, differing, document_of, resources_of
from app.engine.problems import Problem, Problems
from app.kit.steps import Steps, finished
from app.storage.documents import SINGLES


def rebased(
    document: Mapping[str, Any], base: Mapping[str, Any], in_force: Mapping[str, Any]
) -> dict[str, Any]:
    """Give what is in force with the changes that lead from `base` to `document`, resource by resource.

    Where nothing else came in force since, that is `document`. What is new stands at the end of its list.

    Raises:
        Problems: each resource that both have changed, and not to the same.

    """
    return finished(rebasing(document, base, in_force))


def rebasing(
    document: Mapping[str, Any], base: Mapping[str, Any], in_force: Mapping[str, Any]
) -> Steps[dict[str, Any]]:
    """Do what `rebased` does, in steps."""
    wanted = yield from differing(base, document)
    conflicts = list(_conflicts(wanted, (yield from differing(base, in_force))))
    if conflicts:
        raise Problems(conflicts)
    gone = {(each.kind, each.key) for each in wanted.removed}
    after = {(each.kind, each.key): each for each in (*wanted.added, *(now for _, now in wanted.changed))}
    by_kind: dict[str, list[Any]] = {}
    for each in resources_of(in_force):
        place = (each.kind, each.key)
        if place not in gone:
            by_kind.setdefault(each.kind, []).append(after.pop(place, each).document)
        yield
    for new in after.values():
        by_kind.setdefault(new.kind, []).append(new.document)
        yield
    return document_of(by_kind)


def _conflicts(wanted: Difference, meanwhile: Difference) -> Iterator[Problem]:
    ours, theirs = _touched(wanted), _touched(meanwhile)
    for place, resource in ours.items():
        if place in theirs and not _is_same(resource, theirs[place]):
            at = place[0] if place[0] in SINGLES else "/".join(place)
            message = f"{at} was changed otherwise by what was published since this was scheduled"
            yield Problem(resource.pointer if resource else "", message)


def _touched(change: Difference) -> dict[tuple[str, str], Resource | None]:
    """Give what each resource became; None where it is gone."""
    return {
        **{(gone.kind, gone.key): None for gone in change.removed},
        **{(now.kind, now.key): now for now in change.added},
        **{(now.kind, now.key): now for _, now in change.changed},
    }


def _is_same(ours: Resource | None, theirs: Resource | None) -> bool:
    if ours is None or theirs is None:
        return ours is theirs
    return ours.equals(theirs)
