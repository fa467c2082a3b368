"""How the state of a device goes over to the user who was first seen on it: pure."""

from collections import Counter as Tally
from collections.abc import Mapping
from copy import copy
from heapq import merge as merged

from app.engine.counters import HOUR_MS, RECENT_LIMIT
from app.engine.profile import ArmHeld, ConsentHeld, Counter, Profile, StageMove
from app.engine.ruleset import Ruleset
from app.profiles.count import counted_from, earlier
from app.profiles.fold import DELIVERIES_LIMIT, MOVES_LIMIT


def may_take_over(device: Profile, into: str) -> bool:
    """Whether a device has something for a profile: it is nobody's yet, or has news for its owner."""
    return device.owner is None or (device.owner == into and bool(device.events or device.traits))


def left_behind(device: Profile, into: str) -> Profile:
    """Answer what a device keeps: what was shown on it and what was said of consent, not what was learnt."""
    return Profile(
        first_ms=device.first_ms, arms=device.arms, caps=device.caps, consent=device.consent, owner=into
    )


def joined(
    user: Profile, device: Profile, at_ms: int, ruleset: Ruleset | None
) -> tuple[Profile, list[StageMove]]:
    """Answer the profile of a user who takes over a device, and where that moved it; both stay as they were.

    What of the user's stages ended before the merge is settled first: the device cannot keep it alive. Of
    two arms the earlier one is kept, of two consents the later. Counters add up; what is counted since
    another event is exact where all of the device's came before or after it, or a window keeps its instants.
    """
    now_ms = max(at_ms, user.settled_ms, device.settled_ms)
    user, past = _settled(user, now_ms, ruleset)
    both = copy(user)
    both.first_ms = earlier(device.first_ms, user.first_ms) if user.first_ms else device.first_ms
    both.last_event_ms = max(user.last_event_ms, device.last_event_ms)
    both.traits = {**device.traits, **user.traits}
    both.traits_ms = max(user.traits_ms, device.traits_ms, at_ms)
    alike = not user.events or not device.events or "" != user.asked == device.asked
    both.counters = {
        name: _added(name, user.counters, device.counters, alike=alike)
        for name in {**device.counters, **user.counters}
    }
    both.stages = {**device.stages, **user.stages}
    both.arms = earliest(user.arms, device.arms)
    both.caps = _deliveries(user.caps, device.caps)
    both.consent = latest(user.consent, device.consent)
    both.moves = list(merged(user.moves, device.moves, key=lambda move: move.at_ms))[-MOVES_LIMIT:]
    both.events = user.events + device.events
    both.asked = _asked(user, device)
    both, moves = _settled(both, now_ms, ruleset)
    return both, past + moves


def _settled(profile: Profile, at_ms: int, ruleset: Ruleset | None) -> tuple[Profile, list[StageMove]]:
    """Answer a profile in the stages that hold at an instant, and its moves on the way there."""
    if ruleset is None or not (profile.events or profile.stages):
        return profile, []
    settled, moves = ruleset.settle(profile, at_ms)
    if moves:
        settled.moves = [*profile.moves, *moves][-MOVES_LIMIT:]
    return settled, moves


def _asked(user: Profile, device: Profile) -> str:
    """Say what the counters of both are complete for; nothing, where they were kept for different needs."""
    if not user.events:
        return device.asked
    return user.asked if not device.events or device.asked == user.asked else ""


def earliest(one: Mapping[str, ArmHeld], other: Mapping[str, ArmHeld]) -> dict[str, ArmHeld]:
    """Keep of each experiment the arm that was taken first."""
    arms = {**other, **one}
    return {key: min(arms[key], other.get(key, arms[key]), key=lambda held: held.at_ms) for key in arms}


def latest(one: Mapping[str, ConsentHeld], other: Mapping[str, ConsentHeld]) -> dict[str, ConsentHeld]:
    """Keep of each purpose what was said last."""
    said = {**other, **one}
    return {key: max(said[key], other.get(key, said[key]), key=lambda held: held.at_ms) for key in said}


def _deliveries(one: Mapping[str, list[int]], other: Mapping[str, list[int]]) -> dict[str, list[int]]:
    # A device keeps its deliveries when it is taken over: what both know is the same, and counts once.
    return {
        rule: sorted((Tally(one.get(rule)) | Tally(other.get(rule))).elements())[-DELIVERIES_LIMIT:]
        for rule in {**one, **other}
    }


def _added(name: str, one: Mapping[str, Counter], other: Mapping[str, Counter], *, alike: bool) -> Counter:
    """Add what both counted of a name; `alike` says that both were kept for the same needs from the first."""
    a, b = one.get(name, _NONE), other.get(name, _NONE)
    older, newer = (a, b) if a.last_ms <= b.last_ms else (b, a)
    recent = list(merged(a.recent, b.recent))
    hours = {hour: a.hours.get(hour, 0) + b.hours.get(hour, 0) for hour in {**a.hours, **b.hours}}
    for pushed_out in recent[:-RECENT_LIMIT]:
        hours[pushed_out // HOUR_MS] = hours.get(pushed_out // HOUR_MS, 0) + 1
    return Counter(
        count=a.count + b.count,
        first_ms=earlier(a.first_ms, b.first_ms) if b.first_ms else a.first_ms,
        last_ms=newer.last_ms,
        recent=recent[-RECENT_LIMIT:],
        hours=hours,
        sums={key: a.sums.get(key, 0.0) + b.sums.get(key, 0.0) for key in {**a.sums, **b.sums}},
        latest={**older.latest, **newer.latest},
        since={
            key: _since(a, b, one.get(key, _NONE).last_ms, other.get(key, _NONE).last_ms, key)
            for key in {**a.since, **b.since}
        },
        asked=_asked_of(a, b, alike=alike),
    )


def _since(a: Counter, b: Counter, a_ms: int, b_ms: int, key: str) -> int:
    """Count what came after the latest event `key` of both; `a_ms` and `b_ms` are the latest of it, or 0."""
    if a_ms >= b_ms:
        return a.since.get(key, a.count) + counted_from(b, a_ms)
    return b.since.get(key, b.count) + counted_from(a, b_ms)


def _asked_of(a: Counter, b: Counter, *, alike: bool) -> str:
    """Say what both are complete for. Where there is none, nothing has happened, or it was not asked for."""
    if alike and not (a.count and b.count):
        return a.asked or b.asked
    return a.asked if a.asked == b.asked else ""


_NONE = Counter()
