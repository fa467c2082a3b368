"""Which experiments a publish starts, stops or archives; nothing is read or written here."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.admin.announce import Announcement

NEW = "draft"


def status_changes(
    before: Mapping[str, Any] | None, after: Mapping[str, Any], number: int
) -> list[Announcement]:
    """Say of each experiment that revision `number` moves to another status, from which and to which.

    One that is new was a draft; one that is gone has no status any more.
    """
    was, now = _statuses(before or {}), _statuses(after)
    return [
        _told(key, was.get(key, NEW), now.get(key), number)
        for key in {**now, **was}
        if was.get(key, NEW) != now.get(key)
    ]


def _statuses(document: Mapping[str, Any]) -> dict[str, str]:
    return dict(_each(document))


def _each(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for experiment in document.get("experiments", ()):
        yield experiment["key"], experiment.get("status", NEW)


def _told(key: str, was: str, now: str | None, number: int) -> Announcement:
    data = {"experiment": key, "before": was, "after": now, "revision": number}
    return Announcement("experiment.status_changed", data)
