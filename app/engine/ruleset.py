"""A revision compiled for evaluation."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from app.engine.bucketing import BUCKETS, bucket_of
from app.engine.context import with_clock
from app.engine.counters import EventNeeds
from app.engine.forced import Forced
from app.engine.index import RuleIndex
from app.engine.model import Holdout, Rule, Site
from app.engine.names import locale_named
from app.engine.profile import Profile, StageMove
from app.engine.segments import SegmentGroup
from app.engine.stages import CompiledJourney, Reached, Timed, settle_at, settle_past, stage_of
from app.engine.visitor import Standing, Visitor
from app.kit.clock import instant_of, ms_of

# Twice as long as any that is registered. What a request says beyond that finds no translation.
_LONGEST_LOCALE = 64


@lru_cache(maxsize=256)
def best_first(locale: str) -> tuple[str, ...]:
    """List what suits a locale: of `de_AT`, `de-at` and then `de`."""
    found, wanted = [], locale_named(locale[:_LONGEST_LOCALE])
    while wanted:
        found.append(wanted)
        wanted = wanted.rpartition("-")[0]
    return tuple(found)


class CompiledVariant(msgspec.Struct, frozen=True):
    """One content, encoded once, with its translations by lower-case locale."""

    key: str
    content: msgspec.Raw
    locales: Mapping[str, msgspec.Raw]

    def content_for(self, locales: Sequence[str]) -> msgspec.Raw:
        """Find the translation that suits best; `locales` as `best_first` lists them."""
        for locale in locales:
            content = self.locales.get(locale)
            if content is not None:
                return content
        return self.content


class CompiledGroup(msgspec.Struct, frozen=True):
    """An experiment's share of an exclusion group, in buckets, and who else is in the group."""

    salt: str
    unit: str
    start: int
    end: int
    others: tuple[str, ...]

    def admits(self, unit_id: str) -> bool:
        """Whether a unit falls into this share."""
        return self.start <= bucket_of(unit_id, salt=self.salt, purpose="group") < self.end


class CompiledExperiment(msgspec.Struct, frozen=True, kw_only=True):
    """An experiment with its shares as bucket bounds. `arms` maps an arm to its variants by placement."""

    key: str
    unit: str
    before_login: str
    traffic_end: int
    salt: str
    sticky: bool
    phase: int
    running: bool
    rollout: str | None
    group: CompiledGroup | None
    arms: Mapping[str, Mapping[str, str | None]]
    bounds: tuple[tuple[str, int], ...]

    def in_traffic(self, unit_id: str) -> bool:
        """Whether the traffic share reaches a unit; growing the share never drops one."""
        return self.traffic_end == BUCKETS or (
            bucket_of(unit_id, salt=self.salt, purpose="traffic") < self.traffic_end
        )

    def arm_of(self, unit_id: str) -> str:
        """Name the arm whose half-open range holds the unit's bucket."""
        bucket = bucket_of(unit_id, salt=self.salt, purpose="arm")
        return next(arm for arm, end in self.bounds if bucket < end)


class CompiledCap(msgspec.Struct, frozen=True):
    """At most `count` deliveries to one visitor in the `per_ms` before now; None stands for ever."""

    count: int
    per_ms: int | None

    def first_within(self, delivered: Sequence[int], now_ms: int) -> int:
        """Find the place of the first delivery that counts among instants in ascending order."""
        return 0 if self.per_ms is None else bisect_right(delivered, now_ms - self.per_ms)

    def leaves_room(self, delivered: Sequence[int], now_ms: int) -> bool:
        """Whether one more is left, after deliveries at these instants (ascending)."""
        return len(delivered) - self.first_within(delivered, now_ms) < self.count


class CompiledRule(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule delivers. Exactly one of `variant` and `experiment` is set; `source` is as written."""

    key: str
    variant: str | None
    experiment: CompiledExperiment | None
    cap: CompiledCap | None
    source: Rule


class CompiledPlacement(msgspec.Struct, frozen=True, kw_only=True):
    """A placement and what it can show."""

    key: str
    default: CompiledVariant | None
    variants: Mapping[str, CompiledVariant]


Step: TypeAlias = SegmentGroup | CompiledJourney
"""What is found out of a visitor at once."""


class Ruleset(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one site's decisions rest on; replaced whole, never changed.

    `order` lists segments and journeys so that each stands after what it refers to.
    `rules` stand in the order in which they are asked, and `index` numbers them so. `timed` are the stages
    that end by time alone. `staging` is the part of `order` that stages rest on. `asked` is the signature of
    `needs`, `reads_clock` says whether anything asks for the hour or the day of the week.
    """

    revision: int
    site: Site
    zone: ZoneInfo
    placements: Mapping[str, CompiledPlacement]
    rules: Sequence[CompiledRule]
    index: RuleIndex
    order: Sequence[Step]
    staging: Sequence[Step]
    reads_clock: bool
    primary_journey: str | None
    experiments: Mapping[str, CompiledExperiment]
    holdout: Holdout
    holdout_end: int
    needs: Mapping[str, EventNeeds]
    asked: str
    timed: Timed

    @property
    def segments(self) -> list[str]:
        """List the segments in the order in which they are found."""
        return [key for step in self.order if isinstance(step, SegmentGroup) for key in step.keys]

    def see(
        self,
        profile: Profile,
        given: Mapping[str, Any],
        standing: Standing,
        now: datetime,
        forced: Forced | None = None,
    ) -> Visitor:
        """See a profile in a request: its segments and stages at this instant are resolved, in order.

        `forced` names only what this ruleset knows.
        """
        visitor = Visitor(profile, self._context(given, now), standing, now, ms_of(now), self.primary_journey)
        # This moves stages alone, which conditions see as they are resolved now, not as they were held.
        visitor.profile, _ = settle_past(profile, visitor.now_ms, self.timed, self._reached)
        if forced is None:
            _resolve(self.order, visitor)
        else:
            _resolve_forced(self.order, visitor, forced)
        return visitor

    def _context(self, given: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
        # A path leads through plain dicts only.
        return with_clock(given, now, self.zone) if self.reads_clock else dict(given)

    def has_counted(self, profile: Profile) -> bool:
        """Whether all that is asked of events was kept for a profile from its first event on."""
        return not profile.events or profile.asked == self.asked

    def settle(self, profile: Profile, at_ms: int) -> tuple[Profile, list[StageMove]]:
        """Move a profile to the stages that hold at an instant, by way of every dwell and decay before it."""
        if at_ms == profile.settled_ms:
            # As after every event; nothing can have ended since then.
            return settle_at(profile, at_ms, self._reached)
        settled, past = settle_past(profile, at_ms, self.timed, self._reached)
        settled, now = settle_at(settled, at_ms, self._reached)
        return settled, past + now

    def _reached(self, profile: Profile, at_ms: int) -> dict[str, Reached]:
        """Find the stage of each journey for a profile alone, seen in no request."""
        now, context = _moment(at_ms, self.zone if self.reads_clock else None)
        visitor = Visitor(profile, context, _NOBODY, now, at_ms, self.primary_journey)
        return _resolve(self.staging, visitor)


@lru_cache(maxsize=256)
def _moment(at_ms: int, zone: ZoneInfo | None) -> tuple[datetime, Mapping[str, Any]]:
    """Answer an instant, and what outside of any request is known of it; events often share theirs."""
    now = instant_of(at_ms)
    return now, {} if zone is None else with_clock({}, now, zone)


def _resolve(steps: Sequence[Step], visitor: Visitor) -> dict[str, Reached]:
    """Fill in segments and stages, and tell the stage of each journey."""
    reached: dict[str, Reached] = {}
    for step in steps:
        if isinstance(step, SegmentGroup):
            visitor.segments += step.found(visitor)
        else:
            stage = reached[step.key] = stage_of(step, visitor)
            visitor.enter(step.key, stage.stage)
    return reached


def _resolve_forced(steps: Sequence[Step], visitor: Visitor, forced: Forced) -> None:
    """Fill in segments and stages as they are forced, and the others by what follows from these."""
    for step in steps:
        if isinstance(step, SegmentGroup):
            found = step.found(visitor)
            said = [(key, forced.membership(key)) for key in step.keys]
            visitor.segments += [key for key, is_in in said if (key in found if is_in is None else is_in)]
        else:
            visitor.enter(step.key, forced.stages.get(step.key) or stage_of(step, visitor).stage)


_NOBODY = Standing(visitor="")
