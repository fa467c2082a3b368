"""Events that were taken in while nobody knew their visitor's consent: what was said of it settles them."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

import asyncpg
import msgspec

from app.engine.consent import settled
from app.engine.profile import ConsentHeld, Profile
from app.engine.records import ConsentSaid, Event, Merge, Record, TraitsSet, Unmerge, is_unheard
from app.profiles.codec import readable_profile
from app.profiles.fold import fold
from app.profiles.merge import latest
from app.profiles.sources import gathered, merges_around, standing

# A record in JSON begins with its kind.
_SAID = """
    SELECT record FROM profile_changes
    WHERE site_id = $1 AND visitor = ANY ($2::text[])
    AND substring(record FROM 1 FOR 17) = '{"kind":"consent"'::bytea
"""
_BODIES = "SELECT visitor, body FROM profiles WHERE site_id = $1 AND visitor = ANY ($2::text[])"

_decoder = msgspec.json.Decoder(ConsentSaid)


class Heard:
    """What visitors of a site have said of consent, and who took over whose profile, however it came.

    `lively` are devices with something to bring to the user who owns them already.
    """

    def __init__(self, changes: Iterable[Record], lively: Collection[str]) -> None:
        self._said: dict[str, list[ConsentSaid]] = defaultdict(list)
        self._merges: dict[str, list[Merge | Unmerge]] = defaultdict(list)
        self._devices: dict[str, set[str]] = defaultdict(set)
        self._lively = lively
        told: list[ConsentSaid | Merge | Unmerge]
        told = [change for change in changes if isinstance(change, ConsentSaid | Merge | Unmerge)]
        for change in sorted(told, key=lambda change: (change.at_ms, change.id)):
            if isinstance(change, ConsentSaid):
                self._said[change.visitor].append(change)
            else:
                self._merges[change.visitor].append(change)
                self._devices[change.into].add(change.visitor)

    def held_for(self, event: Event) -> Mapping[str, ConsentHeld]:
        """Tell what counted for an event when it came: what a decision would have read then."""
        own = self._held_by(event.visitor, event.received_ms)
        device = None if event.unheard is None else event.unheard.device
        if device is None or not self._may_take_over(device, event):
            return own
        return latest(own, self._held_by(device, event.received_ms))

    def _may_take_over(self, device: str, event: Event) -> bool:
        left = standing(self._merged(device, event.received_ms))
        return left is None or (left.into == event.visitor and device in self._lively)

    def _held_by(self, visitor: str, at_ms: int) -> dict[str, ConsentHeld]:
        merged = [one for who in (visitor, *self._devices[visitor]) for one in self._merged(who, at_ms)]
        sources = gathered(visitor, merged)
        said = [
            one
            for who in sources.until_ms
            for one in self._said[who]
            if one.at_ms <= at_ms and sources.hold(one)
        ]
        # Of whatever order they are in, the fold keeps the latest answer.
        return fold(Profile(), said, None).consent

    def _merged(self, visitor: str, at_ms: int) -> list[Merge | Unmerge]:
        return [one for one in self._merges[visitor] if one.at_ms <= at_ms]


async def settle(
    connection: asyncpg.Connection, records: Sequence[Record], said: Sequence[Record]
) -> list[Record]:
    """Keep of unheard events what their visitors had agreed to, by what is stored, by these, and by `said`.

    It does not matter what is told more than once, nor in which order.
    """
    sites = {record.site for record in records if is_unheard(record)}
    all_known = (*records, *said)
    heard = {site: await _heard_at(connection, site, all_known) for site in sites}
    return await asyncio.to_thread(settled_by, heard, records)


def settled_by(heard: Mapping[int, Heard], records: Iterable[Record]) -> list[Record]:
    """Keep of unheard events what their visitors had agreed to; `heard` is by site. All else stays."""
    kept: list[Record] = []
    for record in records:
        if isinstance(record, Event) and record.unheard is not None:
            kept += settled(record, heard[record.site].held_for(record))
        else:
            kept.append(record)
    return kept


async def _heard_at(connection: asyncpg.Connection, site: int, records: Sequence[Record]) -> Heard:
    here = [record for record in records if record.site == site]
    devices = _devices_of(here)
    asked = devices | {record.visitor for record in here if is_unheard(record)}
    asked |= {record.visitor for record in here if isinstance(record, Merge) and record.into in asked}
    merges = await merges_around(connection, site, asked)
    speakers = asked | {merge.visitor for merge in merges}
    rows = await connection.fetch(_SAID, site, list(speakers))
    said = [_decoder.decode(row["record"]) for row in rows]
    lively = await _lively_of(connection, site, devices)
    return Heard([*merges, *said, *here], lively | _lively_in(here))


def _devices_of(records: Iterable[Record]) -> set[str]:
    marks = [record.unheard for record in records if isinstance(record, Event)]
    return {mark.device for mark in marks if mark is not None and mark.device is not None}


async def _lively_of(connection: asyncpg.Connection, site: int, devices: AbstractSet[str]) -> set[str]:
    rows = await connection.fetch(_BODIES, site, list(devices))
    profiles = [(row["visitor"], readable_profile(row["body"]) or Profile()) for row in rows]
    return {device for device, profile in profiles if profile.events or profile.traits}


def _lively_in(records: Iterable[Record]) -> set[str]:
    return {
        record.visitor
        for record in records
        if isinstance(record, TraitsSet) or (isinstance(record, Event) and not record.results_only)
    }
