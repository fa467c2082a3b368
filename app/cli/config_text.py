"""A difference as people read it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.engine.problems import Problem

_COLOURS = {"+": "\x1b[32m", "-": "\x1b[31m", "~": "\x1b[33m"}
_PLAIN = "\x1b[0m"
SECRET = "/site/identity_secret"  # noqa: S105 - a place, not a secret


def unsound(name: str, problems: Sequence[Problem]) -> str:
    """Tell what is wrong with a file."""
    return "\n".join([f"{name} is unsound:", *lines_of_problems(problems)])


def lines_of_problems(problems: Sequence[Problem]) -> Iterator[str]:
    """Tell what is wrong, a line for each place."""
    return (f"  {problem.pointer or '/'}: {problem.message}" for problem in problems)


def differs(changes: Mapping[str, Any]) -> bool:
    """Whether anything would change, as far as is told: the secret is not compared."""
    fields = ("added", "changed", "removed", "reordered")
    return any(place != SECRET for field in fields for place in changes[field])


def lines_of(changes: Mapping[str, Any], *, colourful: bool) -> Iterator[str]:
    """Tell a difference that the service answered, a resource after the other."""
    for name, details in changes["details"]["resources"].items():
        for sign, text in _resource(name, details):
            yield f"{_COLOURS[sign]}{text}{_PLAIN}" if colourful else text
    for place in changes["reordered"]:
        yield f"~ {place.removeprefix('/')}: in another order"
    if SECRET in changes["changed"]:
        yield "~ site/identity_secret: given, and never compared"
    if changes["details"]["cut"]:
        yield "… and more"
    yield _summary(changes)


def _resource(name: str, details: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    if [detail["pointer"] for detail in details] == [""]:
        yield from _place(name, details[0], at="")
        return
    yield "~", f"~ {name}"
    for detail in details:
        yield from _place(detail["pointer"], detail, at="    ")


def _place(name: str, detail: Mapping[str, Any], at: str) -> Iterator[tuple[str, str]]:
    before, after = (_text(detail, side) for side in ("before", "after"))
    if before is None:
        yield "+", f"{at}+ {name}: {after}"
    elif after is None:
        yield "-", f"{at}- {name}: {before}"
    else:
        yield "~", f"{at}~ {name}: {before} → {after}"


def _text(detail: Mapping[str, Any], side: str) -> str | None:
    if side not in detail:
        return None
    shortened: str = detail[side]
    return shortened if side in detail.get("shortened", ()) else json.dumps(detail[side], ensure_ascii=False)


def _summary(changes: Mapping[str, Any]) -> str:
    if not differs(changes):
        return "no difference"
    changed = sum(place != SECRET for place in changes["changed"])
    return f"{len(changes['added'])} added, {changed} changed, {len(changes['removed'])} removed"
