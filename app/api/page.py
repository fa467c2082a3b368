"""How the body of `/decide` becomes a page load, and what of a visitor its answer tells."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from app.api.consent import said
from app.api.context import context_of
from app.api.decoding import wrong_content
from app.api.events import records_of
from app.api.identity import proven_user
from app.api.parts import Parts
from app.api.request import Request
from app.api.wire import DecideBody
from app.decision.page_load import PageLoad
from app.engine.ruleset import Ruleset
from app.kit.clock import ms_of
from app.rulesets.live import LiveSite
from app.web.keyring import Caller
from app.web.problems import ForbiddenError

# As of any instant whose neighbourhood every calendar, id and column can still express.
EARLIEST, LATEST = datetime(1971, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)

# Where browsers say why they ask, and how that begins where nobody may ever look.
_PURPOSES = frozenset({b"sec-purpose", b"purpose", b"x-moz"})
_AHEAD = (b"prefetch", b"prerender")


def instant_asked(body: DecideBody, caller: Caller, now: datetime) -> datetime:
    """Say as of when to decide; raises ForbiddenError or WrongContentError where that may not be asked."""
    if body.at is None:
        return now
    if caller.kind != "secret":
        raise ForbiddenError("deciding as of another instant needs a secret key")
    if not EARLIEST <= body.at < LATEST:
        raise wrong_content("/at", f"must lie between {EARLIEST:%Y} and {LATEST:%Y}")
    return body.at


def page_load(
    body: DecideBody, request: Request, parts: Parts, caller: Caller, site: LiveSite, now: datetime
) -> PageLoad:
    """Gather what is asked, all but the events."""
    asks = request if caller.kind == "public" else None
    context = context_of(body.context, asks, parts.whereabouts)
    return PageLoad(
        site=site.id,
        visitor=body.visitor.id,
        user=proven_user(body.visitor, caller, site),
        placements=body.placements,
        context=context,
        consent=said(body.consent),
        countable=not (context.get("bot") or _is_fetched_ahead(request)),
        came_at=now if body.at is not None and body.at > now else None,
    )


def with_events(
    page: PageLoad, body: DecideBody, caller: Caller, now: datetime, sent_at: datetime | None = None
) -> PageLoad:
    """Add the events of the body, as `records_of` does; raises WrongContentError where one is too old."""
    trusted = caller.kind == "secret"
    events = records_of(body.events, page.site, page.profile_key, now, trusted=trusted, sent_at=sent_at)
    if page.came_at is not None:
        received_ms = ms_of(page.came_at)
        events = [msgspec.structs.replace(event, received_ms=received_ms) for event in events]
    return msgspec.structs.replace(page, events=events)


def _is_fetched_ahead(request: Request) -> bool:
    """Whether a browser asks for a page that nobody may ever look at; a server may pass its header on."""
    headers = request.headers
    if _PURPOSES.isdisjoint(headers):
        return False
    return any(headers[name].lower().startswith(_AHEAD) for name in _PURPOSES if name in headers)


def keep_back(visitor: dict[str, Any], ruleset: Ruleset | None) -> None:
    """Leave out what the site does not let its pages see of a visitor."""
    if ruleset is not None:
        if "stage" not in ruleset.site.expose:
            visitor |= {"stage": None, "stages": {}}
        if "segments" not in ruleset.site.expose:
            visitor |= {"segments": ()}
