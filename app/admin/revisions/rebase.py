"""What was made from one document, upon another that has taken its place; nothing is read or written here."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.admin.difference import SINGLES, Difference, Resource, difference, document_of, resources_of
from app.engine.problems import Problem, Problems


def rebased(
    document: Mapping[str, Any], base: Mapping[str, Any], in_force: Mapping[str, Any]
) -> dict[str, Any]:
    """Give what is in force with the changes that lead from `base` to `document`, resource by resource.

    Where nothing else came in force since, that is `document`. What is new stands at the end of its list.

    Raises:
        Problems: each resource that both have changed, and not to the same.

    """
    wanted, meanwhile = difference(base, document), difference(base, in_force)
    conflicts = list(_conflicts(wanted, meanwhile))
    if conflicts:
        raise Problems(conflicts)
    gone = {(each.kind, each.key) for each in wanted.removed}
    after = {(each.kind, each.key): each for each in (*wanted.added, *(now for _, now in wanted.changed))}
    together = {
        **{place: after.get(place, each) for place, each in _by_place(in_force).items() if place not in gone},
        **after,
    }
    by_kind: dict[str, list[Any]] = {}
    for each in together.values():
        by_kind.setdefault(each.kind, []).append(each.document)
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


def _by_place(document: Mapping[str, Any]) -> dict[tuple[str, str], Resource]:
    return {(each.kind, each.key): each for each in resources_of(document)}
