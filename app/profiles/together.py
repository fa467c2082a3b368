"""How records of many visitors change their profiles, merges among them: pure."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias
from uuid import NAMESPACE_OID, UUID, uuid5

import msgspec

from app.engine.profile import Profile, StageMove
from app.engine.records import Merge, Record, Unmerge, arrived_ms, order_of
from app.engine.ruleset import Ruleset
from app.profiles.fold import fold_telling
from app.profiles.merge import joined, left_behind, may_take_over

ProfileKey: TypeAlias = tuple[int, str]
"""A site, and the name of one of its profiles."""

RulesetOf: TypeAlias = Callable[[int], Ruleset | None]


class Moved(msgspec.Struct, frozen=True):
    """A change of stage of somebody, under the revision in force."""

    site: int
    visitor: str
    revision: int
    move: StageMove

    @property
    def id(self) -> UUID:
        """An id that follows from who moved where and when: told twice, it is the same."""
        move = self.move
        told = [self.site, self.visitor, move.journey, move.at_ms, move.came_from, move.stage]
        return uuid5(NAMESPACE_OID, msgspec.json.encode(told).decode())


def keys_of(record: Record) -> Sequence[ProfileKey]:
    """Name the profiles that a record concerns."""
    own = (record.site, record.visitor)
    return (own, (record.site, record.into)) if isinstance(record, Merge | Unmerge) else (own,)


def fold_together(
    profiles: dict[ProfileKey, Profile], records: Iterable[Record], ruleset_of: RulesetOf
) -> list[Moved]:
    """Put each profile in `profiles` as it is after some records, and tell the changes of stage.

    The records stand in the order of their instants, and `profiles` holds every profile that they concern.
    Those of one instant are folded in the order of their ids; a merge takes over what stands before it and
    had come by then, since what it takes goes by when that came.
    """
    moves: list[Moved] = []
    waiting: list[Record] = []
    for record in _as_they_came(list(records)):
        if isinstance(record, Merge):
            moves += _fold_each(profiles, waiting, ruleset_of)
            moves += _take_over(profiles, record, ruleset_of(record.site))
            waiting = []
        else:
            waiting.append(record)
    return moves + _fold_each(profiles, waiting, ruleset_of)


def _as_they_came(records: Sequence[Record]) -> Sequence[Record]:
    """Put behind a merge what happened before it and came later."""
    merges: dict[ProfileKey, list[tuple[int, Merge]]] = {}
    for place, record in enumerate(records):
        if isinstance(record, Merge):
            for key in keys_of(record):
                merges.setdefault(key, []).append((place, record))
    if not merges:
        return records
    places: list[tuple[int, bool]] = []
    for place, record in enumerate(records):
        # What was told as it happened stands where it came.
        was_late = arrived_ms(record) > record.at_ms
        known = merges.get((record.site, record.visitor), ()) if was_late else ()
        behind = max((at for at, merge in known if _came_later(record, merge)), default=place)
        places.append((max(place, behind), behind > place))
    return [records[place] for place in sorted(range(len(records)), key=places.__getitem__)]


def _came_later(record: Record, merge: Merge) -> bool:
    """Tell of a record of one of its profiles whether it came after a merge or, for the user, with it."""
    if record.visitor == merge.into:
        return record.at_ms < merge.at_ms <= arrived_ms(record)
    return merge.at_ms < arrived_ms(record)


def _take_over(profiles: dict[ProfileKey, Profile], merge: Merge, ruleset: Ruleset | None) -> list[Moved]:
    device, user = keys_of(merge)
    if not may_take_over(profiles[device], merge.into):
        return []
    profiles[user], moves = joined(profiles[user], profiles[device], merge.at_ms, ruleset)
    profiles[device] = left_behind(profiles[device], merge.into)
    return moved_by(user, moves, ruleset)


def moved_by(key: ProfileKey, moves: Iterable[StageMove], ruleset: Ruleset | None) -> list[Moved]:
    """Tell whose changes of stage these are, and under which revision; without a ruleset there are none."""
    return [] if ruleset is None else [Moved(*key, ruleset.revision, move) for move in moves]


def _fold_each(
    profiles: dict[ProfileKey, Profile], records: Iterable[Record], ruleset_of: RulesetOf
) -> list[Moved]:
    touching: dict[ProfileKey, list[Record]] = {}
    for record in records:
        touching.setdefault((record.site, record.visitor), []).append(record)
    told: list[Moved] = []
    for key, own in touching.items():
        if len(own) > 1:
            own.sort(key=order_of)
        ruleset = ruleset_of(key[0])
        profiles[key], moves = fold_telling(profiles[key], own, ruleset)
        told += moved_by(key, moves, ruleset)
    return told
