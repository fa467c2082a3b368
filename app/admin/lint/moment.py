"""The instant of a decision as the solver sees it, and as a calendar knows it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import z3  # type: ignore[import-untyped]  # z3-solver ships no types

from app.admin.lint.hours import is_in
from app.admin.lint.terms import InWindow, Since
from app.admin.lint.texts import Formula
from app.engine.instants import microseconds_of
from app.kit.clock import EPOCH

_WEEK_MINUTES = 7 * 24 * 60
# Beyond, what happened now would count as never: see NEVER_DAYS.
_HORIZON = 10 * 365 * 86_400 * 1_000_000
_STEP = timedelta(minutes=15)
# A week and a day of steps: every hour of every weekday, also where the clocks change.
_STEPS = 8 * 24 * 4


class Moment:
    """An instant of the ten years from `earliest` on. That the clocks of two zones agree is left open."""

    def __init__(self, earliest: datetime) -> None:
        # The engine counts in whole milliseconds, and examples are told in them.
        self.now = z3.Int("now") * 1_000
        self._earliest = microseconds_of(earliest)
        self._minutes: dict[str, Formula] = {}
        self._since: dict[int, Formula] = {}
        self._windows: dict[InWindow, Formula] = {}

    def since(self, term: Since) -> Formula:
        """Say that an instant has come."""
        return self._since.setdefault(term.instant, self.now >= term.instant)

    def in_window(self, term: InWindow) -> Formula:
        """Say that a zone's clock stands in one of the spans."""
        minute = self._minutes.setdefault(term.zone, z3.Int(f"minute in {term.zone}"))
        spans = [z3.And(minute >= start, minute < end) for start, end in term.spans]
        return self._windows.setdefault(term, z3.Or(spans))

    def facts(self) -> Iterator[Formula]:
        """Say what is always so."""
        yield z3.And(self.now >= self._earliest, self.now < self._earliest + _HORIZON)
        for minute in self._minutes.values():
            yield z3.And(minute >= 0, minute < _WEEK_MINUTES)

    def find(self, model: Formula, shown: Mapping[str, int], zone: ZoneInfo) -> datetime | None:
        """Find an instant for a model, at which the site's clock shows the hour and the weekday asked for."""
        now = model.eval(self.now, model_completion=True).as_long()
        lower = max((bound for bound in (self._earliest, *self._since) if bound <= now), default=0)
        exact = EPOCH + timedelta(microseconds=now)
        suits = self._suiting(model, shown, zone)
        return next(filter(suits, (exact, *instants_from(EPOCH + timedelta(microseconds=lower), ()))), None)

    def _suiting(
        self, model: Formula, shown: Mapping[str, int], zone: ZoneInfo
    ) -> Callable[[datetime], bool]:
        since = [(bound, z3.is_true(model.eval(holds, True))) for bound, holds in self._since.items()]
        windows = [(term, z3.is_true(model.eval(holds, True))) for term, holds in self._windows.items()]

        def suits(at: datetime) -> bool:
            local, instant = at.astimezone(zone), microseconds_of(at)
            clock = {"hour": local.hour, "weekday": local.isoweekday()}
            return (
                all(clock[name] == value for name, value in shown.items())
                and all((instant >= bound) is holds for bound, holds in since)
                and all(is_in(term, at) is holds for term, holds in windows)
            )

        return suits


def instants_from(earliest: datetime, since: Iterable[int]) -> Iterator[datetime]:
    """List instants of more than a week, from the latest of these on; `since` is in microseconds."""
    start = max([earliest, *(EPOCH + timedelta(microseconds=instant) for instant in since)])
    for step in range(_STEPS):
        yield start + _STEP * step
