"""Events that were taken in while nobody knew their visitor's consent, and what is stored of them."""

from msgspec.structs import replace

from app.engine.records import Event, Unheard
from tests.builders import journey, ruleset
from tests.integration.shipped import Shipped

RULES = ruleset(journeys=[journey("first", {"key": "second", "when": {"events.v.count": {"$gte": 1}}})])
STORED = "SELECT id, profile_only, results_only FROM events WHERE site_id = $1 ORDER BY id"
DENIED = {"personalization": False, "analytics": False}
GRANTED = {"personalization": True, "analytics": True}


def unheard(event: Event, device: str | None = None) -> Event:
    """Let nothing be known of an event's visitor."""
    return replace(event, unheard=Unheard(("personalization", "analytics"), device))


async def stored(shipped: Shipped) -> list[tuple[str, bool, bool]]:
    """List the stored events, and for what alone each is kept."""
    return [tuple(row) for row in await shipped.pool.fetch(STORED, shipped.site)]


async def kept(shipped: Shipped) -> list[str]:
    """List the ids of the stored events."""
    return [id_ for id_, *_ in await stored(shipped)]
