"""What a visitor has agreed to: what is said now, else what was said last, else the site's default."""

from collections.abc import Mapping, Sequence

import msgspec

from app.engine.model import ConsentDefaults
from app.engine.profile import ConsentHeld
from app.engine.records import Event, Unheard
from app.engine.ruleset import Ruleset

PERSONALIZATION, ANALYTICS = "personalization", "analytics"

_ALL = frozenset({PERSONALIZATION, ANALYTICS})
_UNPUBLISHED = ConsentDefaults()


def granted(
    said: Mapping[str, bool], held: Mapping[str, ConsentHeld], ruleset: Ruleset | None
) -> frozenset[str]:
    """Name the purposes granted; `held` is what the profile remembers."""
    defaults = _UNPUBLISHED if ruleset is None else ruleset.site.consent
    given = {
        PERSONALIZATION: defaults.personalization == "granted",
        ANALYTICS: defaults.analytics == "granted",
    }
    for purpose, one in held.items():
        given[purpose] = one.granted
    given.update(said)
    if all(given.values()):
        return frozenset(given)
    return frozenset([purpose for purpose, yes in given.items() if yes])


def is_news(said: Mapping[str, bool], held: Mapping[str, ConsentHeld]) -> bool:
    """Whether something is said that is not remembered so."""
    for purpose, yes in said.items():  # noqa: SIM110 -- any() would allocate a generator in every decision
        if purpose not in held or held[purpose].granted != yes:
            return True
    return False


def for_consent(events: Sequence[Event], consent: frozenset[str]) -> list[Event]:
    """Keep of each event only what the visitor agreed to; without any consent nothing is kept."""
    if not consent:
        return []
    if consent >= _ALL:
        return list(events)
    return [
        msgspec.structs.replace(
            event, profile_only=ANALYTICS not in consent, results_only=PERSONALIZATION not in consent
        )
        for event in events
    ]


def unheard(events: Sequence[Event], said: Mapping[str, bool], device: str | None = None) -> Sequence[Event]:
    """Mark events whose visitor's profile could not be read, where something was not `said` with them.

    What is stored of their visitor settles them. A user's may have been said on the `device` they are on.
    """
    purposes = tuple([purpose for purpose in (PERSONALIZATION, ANALYTICS) if purpose not in said])
    if not purposes:
        return events
    mark = Unheard(purposes, device)
    return [msgspec.structs.replace(event, unheard=mark) for event in events]


def settled(event: Event, held: Mapping[str, ConsentHeld]) -> list[Event]:
    """Keep of an event what would have been kept of it, had one known then what its visitor `held`."""
    asked = () if event.unheard is None else event.unheard.purposes
    taken = {PERSONALIZATION: not event.results_only, ANALYTICS: not event.profile_only}
    said = {purpose: yes for purpose, yes in taken.items() if purpose not in asked or purpose not in held}
    whole = msgspec.structs.replace(event, profile_only=False, results_only=False, unheard=None)
    return for_consent([whole], granted(said, held, None))
