"""Counters made complete from stored events, for what a revision asks for the first time."""

from collections.abc import Collection, Mapping

import asyncpg
from msgspec.structs import replace

from app.engine.counters import EventNeeds
from app.engine.profile import Counter, Profile
from app.engine.ruleset import Ruleset
from app.profiles.count import count, earlier
from app.profiles.sources import sources_of
from app.profiles.stored import stored_events


def lacking(profile: Profile, ruleset: Ruleset) -> set[str]:
    """Name the events whose counters are not known to have missed nothing."""
    return {
        name
        for name, needs in ruleset.needs.items()
        if name not in profile.counters or profile.counters[name].asked != needs.signature
    }


async def recount(
    connection: asyncpg.Connection,
    key: tuple[int, str],
    names: Collection[str],
    needs: Mapping[str, EventNeeds],
) -> dict[str, Counter]:
    """Count all stored events of some names that are a profile's (by site and visitor), from the first."""
    site, visitor = key
    sources = await sources_of(connection, site, visitor)
    # What is counted since another event starts anew with each of those.
    wanted = {*names, *(other for name in names for other in needs[name].since)}
    counters: dict[str, Counter] = {}
    own: set[str] = set()
    async for event in stored_events(connection, site, sources.until_ms, wanted):
        if sources.hold(event) and not sources.have_lost(event):
            count(counters, event, needs[event.name], own)
    return {name: counters[name] for name in names if name in counters}


def completed(profile: Profile, recounted: Mapping[str, Counter], ruleset: Ruleset) -> Profile:
    """Answer a profile whose counters are complete, with those that were lacking as they were recounted.

    Old events may be gone from PostgreSQL: what is known of how many there were, and of the first, stays.
    """
    counters = dict(profile.counters)
    for name in lacking(profile, ruleset):
        known, anew = profile.counters.get(name), recounted.get(name)
        if known is not None or anew is not None:
            counters[name] = _complete(known or Counter(), anew, ruleset.needs[name].signature)
    return replace(profile, counters=counters, asked=ruleset.asked)


def _complete(known: Counter, anew: Counter | None, signature: str) -> Counter:
    if anew is None:
        return replace(known, asked=signature)
    first_ms = earlier(known.first_ms, anew.first_ms)
    return replace(anew, count=max(known.count, anew.count), first_ms=first_ms, asked=signature)
