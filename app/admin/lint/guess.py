"""Somebody of whom a term may hold, made up without the solver: right for most terms, and soon tried.

Of alternatives the first is taken, and each attribute is chosen for itself.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from app.admin.lint.domains import Domain, domain_of
from app.admin.lint.example import Example
from app.admin.lint.hours import is_in
from app.admin.lint.moment import instants_from
from app.admin.lint.samples import known_values, numbers_near
from app.admin.lint.telling import ON_THE_CLOCK, Values, example_of
from app.admin.lint.terms import All, Asks, Either, HeldOut, Idle, InStage, InWindow, No, Since, Term
from app.admin.lint.translate import Translation
from app.engine.instants import duration_from_now
from app.engine.paths import MISSING
from app.kit.clock import ms_of, rfc3339_of

_Asked: TypeAlias = list[tuple[Term, bool]]
"""Terms, each with whether it shall hold or not."""

_HOUR = timedelta(hours=1)
# Segments that name others, which name others, multiply.
_MOST_TERMS = 5_000


def guess(translation: Translation, term: Term, earliest: datetime, zone: ZoneInfo) -> Example | None:
    """Make somebody up from an instant on; `zone` is the site's. None where no attribute would do."""
    guessing = _Guessing(translation)
    at = guessing.instant(earliest, zone) if guessing.take(term) else None
    return None if at is None else guessing.example(at)


class _Guessing:
    """What is asked of one visitor: of each attribute, of the stages, and of the instant."""

    def __init__(self, translation: Translation) -> None:
        self._translation = translation
        self._asked: dict[tuple[str, ...], list[tuple[Asks, bool]]] = {}
        self._windows: list[tuple[InWindow, bool]] = []
        self._since: list[int] = []
        self._stages: dict[str, str] = {}
        self._held_out: bool | None = None
        self._idle_ms = 0

    def take(self, term: Term) -> bool:
        """Note what a term asks; False where it cannot be, or is too much."""
        waiting = [(term, True)]
        for _ in range(_MOST_TERMS):
            if not waiting:
                return True
            part, wanted = waiting.pop()
            more = self._taken(part, wanted=wanted)
            if more is None:
                return False
            waiting += reversed(more)
        return False

    def instant(self, earliest: datetime, zone: ZoneInfo) -> datetime | None:
        """Find an instant that suits; those of the clock are asked of the site's."""
        return next(
            (
                at
                for at in instants_from(earliest, self._since)
                if all(is_in(window, at) is wanted for window, wanted in self._windows)
                and all(
                    self._suits(path, value, at)
                    for path, value in _clock(at.astimezone(zone))
                    if path in self._asked
                )
            ),
            None,
        )

    def example(self, at: datetime) -> Example | None:
        """Choose a value for each attribute."""
        chosen: dict[tuple[str, ...], Any] = {}
        for path in self._asked:
            values = [] if path in ON_THE_CLOCK else self._values(path, at)
            for value in values:
                if self._suits(path, value, at):
                    chosen[path] = value
                    break
            else:
                if path not in ON_THE_CLOCK:
                    return None
        values_ = Values(chosen, self._stages, held_out=self._held_out, idle_ms=self._idle_ms)
        return example_of(values_, at)

    def _note(self, term: Term, *, wanted: bool) -> None:
        match term:
            case Asks():
                self._asked.setdefault(term.path, []).append((term, wanted))
            case InWindow():
                self._windows.append((term, wanted))
            case Since(instant) if wanted:
                self._since.append(instant)
            case HeldOut():
                self._held_out = wanted
            case Idle(ms) if wanted:
                self._idle_ms = max(self._idle_ms, ms)

    def _taken(self, term: Term, *, wanted: bool) -> _Asked | None:
        """Note what a term asks itself, and list what else is to be asked; None where it cannot be."""
        match term:
            case No(part):
                return [(part, not wanted)]
            case All(parts) | Either(parts):
                if isinstance(term, All) is wanted:
                    return [(part, wanted) for part in parts]
                return [(parts[0], wanted)] if parts else None
            case InStage(journey, stage) if wanted:
                return self._standing(journey, stage)
        self._note(term, wanted=wanted)
        return []

    def _standing(self, key: str, stage: str) -> _Asked | None:
        if key in self._stages:
            return [] if self._stages[key] == stage else None
        self._stages[key] = stage
        journey = self._translation.journeys[key]
        found = next(each for each in journey.stages if each.key == stage)
        return [(self._translation.of_stage(journey, found), True)]

    def _suits(self, path: tuple[str, ...], value: Any, at: datetime) -> bool:
        visitor = {} if value is MISSING else {"x": value}
        return all(ask.holds(visitor, at) is wanted for ask, wanted in self._asked[path])

    def _values(self, path: tuple[str, ...], at: datetime) -> Iterator[Any]:
        domain, asked = domain_of(path), [ask for ask, _ in self._asked[path]]
        yield from known_values(domain, asked)
        yield from numbers_near(domain, asked)
        yield from _instants_near(domain, asked, at)


def _clock(local: datetime) -> Iterator[tuple[tuple[str, ...], int]]:
    yield ("context", "hour"), local.hour
    yield ("context", "weekday"), local.isoweekday()


def _instants_near(domain: Domain, asked: list[Asks], at: datetime) -> Iterator[str]:
    """List instants a little before and after those asked for."""
    if domain.texts:
        for ask in asked:
            offset = duration_from_now(ask.operand) if type(ask.operand) is str else None
            if offset is not None:
                bound = at + timedelta(microseconds=offset)
                yield from (rfc3339_of(ms_of(near)) for near in (bound + _HOUR, bound - _HOUR))
