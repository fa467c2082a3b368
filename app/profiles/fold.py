"""How a record changes a profile: pure, so that a cache, a durable copy and a replay all agree."""

from bisect import insort
from collections.abc import Iterable, Mapping
from copy import copy

from app.engine.counters import EventNeeds
from app.engine.profile import ArmHeld, ConsentHeld, Profile, StageMove
from app.engine.records import (
    Assignment,
    CapDelivery,
    ConsentSaid,
    Event,
    Record,
    TraitsSet,
    is_for_profiles,
)
from app.engine.ruleset import Ruleset
from app.profiles.count import count, earlier, upheld
from app.profiles.traits import patched

MOVES_LIMIT = 20
DELIVERIES_LIMIT = 1_000


def fold(profile: Profile, records: Iterable[Record], ruleset: Ruleset | None) -> Profile:
    """Answer the profile after some records; the one given stays as it was.

    Only what the ruleset asks for is kept. Without a ruleset no event is counted and no stage is reached.
    Merges concern two profiles and are left to `merge`.
    """
    return fold_telling(profile, records, ruleset)[0]


def fold_telling(
    profile: Profile, records: Iterable[Record], ruleset: Ruleset | None
) -> tuple[Profile, list[StageMove]]:
    """Answer the profile after some records, and each change of stage that may be told, in order.

    What an event that is kept for the profile alone moved may not: results rest on what is told.
    """
    folded, moves = copy(profile), []
    folded.counters = dict(profile.counters)
    settled_ms, own = None, set[str]()
    for record in filter(is_for_profiles, records):
        match record:
            case Event():
                folded, moved = _after_event(folded, record, ruleset, settled_ms, own)
                moves += [] if record.profile_only else moved
                settled_ms = folded.settled_ms
                continue
            case Assignment():
                _take_arm(folded, record)
            case CapDelivery():
                _count_delivery(folded, record)
            case ConsentSaid():
                _hear(folded, record)
            case TraitsSet():
                folded, moved = _after_traits(folded, record, ruleset, settled_ms)
                moves += moved
                settled_ms = folded.settled_ms
                continue
        settled_ms = None
    return folded, moves


def _after_event(
    profile: Profile, event: Event, ruleset: Ruleset | None, settled_ms: int | None, own: set[str]
) -> tuple[Profile, list[StageMove]]:
    """Fold one event into a profile that may be changed, and of its counters those that are in `own`.

    `settled_ms` is the instant as of which the stages are known to hold.
    """
    if ruleset is None:
        _see(profile, event)
        _uphold(profile, "", {})
        return profile, []
    # What decayed before this event is settled first: the event cannot keep alive what was gone. A late one
    # is counted at its own instant, but stages never move back in time.
    at_ms = max(event.at_ms, profile.settled_ms)
    moves: list[StageMove] = []
    if settled_ms != at_ms and (profile.events or profile.stages):
        profile, moves = ruleset.settle(profile, at_ms)
    if not profile.events:
        profile.asked = ruleset.asked
    _see(profile, event)
    _uphold(profile, ruleset.asked, ruleset.needs)
    needs = ruleset.needs.get(event.name)
    if needs is not None:
        count(profile.counters, event, needs, own, complete=profile.asked == ruleset.asked)
    profile, after = ruleset.settle(profile, at_ms)
    return _moved(profile, moves + after)


def _after_traits(
    profile: Profile, change: TraitsSet, ruleset: Ruleset | None, settled_ms: int | None
) -> tuple[Profile, list[StageMove]]:
    """Fold a change of traits into a profile that may be changed; stages go as they do at an event."""
    at_ms = max(change.at_ms, profile.settled_ms)
    moves: list[StageMove] = []
    if ruleset is not None and settled_ms != at_ms and (profile.events or profile.stages):
        profile, moves = ruleset.settle(profile, at_ms)
    profile.traits = patched(profile.traits, change.traits)
    profile.traits_ms = max(profile.traits_ms, change.at_ms)
    if ruleset is None:
        return profile, moves
    profile, after = ruleset.settle(profile, at_ms)
    return _moved(profile, moves + after)


def _moved(profile: Profile, moves: list[StageMove]) -> tuple[Profile, list[StageMove]]:
    if moves:
        profile.moves = [*profile.moves, *moves][-MOVES_LIMIT:]
    return profile, moves


def _uphold(profile: Profile, asked: str, needs: Mapping[str, EventNeeds]) -> None:
    """Say of no counter that it is complete for what is not counted while these needs are in force."""
    if not asked or profile.asked != asked:
        profile.asked, profile.counters = "", upheld(profile.counters, needs)


def _see(profile: Profile, event: Event) -> None:
    # Seldom both, often neither: events that come together share their instant.
    if not profile.first_ms or event.at_ms < profile.first_ms:
        profile.first_ms = event.at_ms
    if profile.last_event_ms < event.at_ms:  # noqa: PLR1730 - every event comes through here, and max is a call
        profile.last_event_ms = event.at_ms
    profile.events += 1


def _take_arm(profile: Profile, assignment: Assignment) -> None:
    held = profile.arms.get(assignment.experiment)
    if held is None or assignment.at_ms < held.at_ms:
        taken = ArmHeld(assignment.arm, assignment.phase, assignment.at_ms)
        profile.arms = {**profile.arms, assignment.experiment: taken}
        profile.first_ms = earlier(profile.first_ms, assignment.at_ms)


def _count_delivery(profile: Profile, delivery: CapDelivery) -> None:
    delivered = list(profile.caps.get(delivery.rule, ()))
    insort(delivered, delivery.at_ms)
    profile.caps = {**profile.caps, delivery.rule: delivered[-DELIVERIES_LIMIT:]}


def _hear(profile: Profile, consent: ConsentSaid) -> None:
    heard = {
        purpose: ConsentHeld(granted, consent.at_ms)
        for purpose, granted in consent.said.items()
        if purpose not in profile.consent or profile.consent[purpose].at_ms <= consent.at_ms
    }
    profile.consent = {**profile.consent, **heard}
