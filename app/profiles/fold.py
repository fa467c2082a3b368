"""How a record changes a profile: pure, so that a cache, a durable copy and a replay all agree."""

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping
from copy import copy
from math import isfinite
from typing import Any

from app.engine.counters import DAY_MS, HOUR_MS, RECENT_LIMIT, EventNeeds
from app.engine.orderings import number_in
from app.engine.profile import ArmHeld, Counter, Profile, StageHeld
from app.engine.records import Event, Record
from app.engine.ruleset import Ruleset
from app.engine.visitor import Standing
from app.kit.clock import instant_of

TEXT_LIMIT = 1_024
LIST_LIMIT = 32

_LARGEST_INTEGER = 2**63


def fold(profile: Profile, records: Iterable[Record], ruleset: Ruleset | None) -> Profile:
    """Answer the profile after some records; the one given stays as it was.

    Only what the ruleset asks for is kept. Without a ruleset only arms and instants are.
    """
    folded = copy(profile)
    folded.counters = dict(profile.counters)
    folded.stages = dict(profile.stages)
    folded.arms = dict(profile.arms)
    for record in records:
        if record.results_only:
            continue
        if isinstance(record, Event):
            _fold_event(folded, record, ruleset)
        elif record.experiment not in folded.arms:
            folded.arms[record.experiment] = ArmHeld(record.arm, record.phase, record.at_ms)
            folded.first_ms = _earlier(folded.first_ms, record.at_ms)
    return folded


def _fold_event(profile: Profile, event: Event, ruleset: Ruleset | None) -> None:
    # A late event is counted at its own instant, but stages never move back in time.
    moved_ms = max(event.at_ms, profile.last_event_ms)
    if ruleset is not None:
        # What decayed before this event is settled first: the event cannot keep alive what was gone.
        _settle_stages(profile, ruleset, moved_ms)
    profile.first_ms = _earlier(profile.first_ms, event.at_ms)
    profile.last_event_ms = moved_ms
    if ruleset is None:
        return
    needs = ruleset.needs.get(event.name)
    if needs is not None:
        profile.counters[event.name] = _count(profile.counters, event, needs)
        if profile.counters[event.name].last_ms == event.at_ms:
            _count_anew(profile, event.name, ruleset.needs)
    _settle_stages(profile, ruleset, moved_ms)


def _count_anew(profile: Profile, latest: str, needs: Mapping[str, EventNeeds]) -> None:
    """Let what is counted since the latest event of a name start at 0."""
    for name, counter in profile.counters.items():
        if name in needs and latest in needs[name].since:
            renewed = copy(counter)
            renewed.since = {**counter.since, latest: 0}
            profile.counters[name] = renewed


def _earlier(known_ms: int, at_ms: int) -> int:
    return min(known_ms, at_ms) if known_ms else at_ms


def _settle_stages(profile: Profile, ruleset: Ruleset, at_ms: int) -> None:
    """Move each journey to the stage that holds at an instant, and remember since when."""
    seen = ruleset.see(profile, {}, _NOBODY, instant_of(at_ms))
    for journey, stage in seen.stages.items():
        held = profile.stages.get(journey)
        if held is None or held.stage != stage:
            profile.stages[journey] = StageHeld(stage, at_ms)


_NOBODY = Standing(visitor="")


def _count(counters: Mapping[str, Counter], event: Event, needs: EventNeeds) -> Counter:
    counter = copy(counters[event.name]) if event.name in counters else Counter()
    is_latest = event.at_ms >= counter.last_ms
    counter.count += 1
    counter.first_ms = _earlier(counter.first_ms, event.at_ms)
    counter.last_ms = max(counter.last_ms, event.at_ms)
    if needs.window_days:
        _remember(counter, event.at_ms, needs.window_days)
    if needs.sums:
        counter.sums = counter.sums | {
            name: counter.sums.get(name, 0.0) + number_of(event.properties.get(name)) for name in needs.sums
        }
    if needs.latest and is_latest:
        counter.latest = counter.latest | {
            name: _kept(event.properties[name]) for name in needs.latest if name in event.properties
        }
    if needs.since:
        before = counter.count - 1
        counter.since = {
            # What comes late, from before the latest event of that name, was not since.
            name: counter.since.get(name, before)
            + (name not in counters or event.at_ms >= counters[name].last_ms)
            for name in needs.since
        }
    return counter


def _remember(counter: Counter, at_ms: int, window_days: int) -> None:
    """Keep an instant for as long as a window can ask for it; beyond the bound only its hour is kept."""
    since_ms = counter.last_ms - window_days * DAY_MS
    recent = counter.recent[bisect_right(counter.recent, since_ms) :]
    insort(recent, at_ms)
    hours = {hour: count for hour, count in counter.hours.items() if (hour + 1) * HOUR_MS > since_ms}
    for pushed_out in recent[:-RECENT_LIMIT]:
        hour = pushed_out // HOUR_MS
        hours[hour] = hours.get(hour, 0) + 1
    counter.recent = recent[-RECENT_LIMIT:]
    counter.hours = hours


def number_of(value: object) -> float:
    """Read a property as a number: a numeric string counts as its number, anything else as 0."""
    if isinstance(value, str):
        return number_in(value) or 0.0
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    try:
        number = float(value)
    except OverflowError:
        return 0.0
    return number if isfinite(number) else 0.0


def _kept(value: Any) -> Any:
    """Bound what is kept of a property, so that no visitor can make a profile large."""
    if isinstance(value, str):
        return value[:TEXT_LIMIT]
    if isinstance(value, int) and not -_LARGEST_INTEGER <= value < _LARGEST_INTEGER:
        return number_of(value)
    if isinstance(value, list):
        return [_kept(item) for item in value[:LIST_LIMIT] if not isinstance(item, list | dict)]
    return None if isinstance(value, dict) else value
