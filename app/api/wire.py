"""The JSON that pages send, checked while it is decoded.

No value here can be part of a cycle: the garbage collector need not know them (`gc=False`).
"""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

Name = Annotated[str, Meta(min_length=1, max_length=128)]
Short = Annotated[str, Meta(max_length=256)]
Instant = Annotated[datetime, Meta(tz=True)]

DECIDE_BYTES = 64 * 1024
EVENTS_BYTES = 512 * 1024


class VisitorBody(Struct, frozen=True, gc=False):
    """Who is on the page."""

    id: Name | None = None
    user_id: Name | None = None
    user_proof: Short | None = None


class KnownVisitorBody(VisitorBody, frozen=True, kw_only=True, gc=False):
    """Who is on the page, by the id of the browser at least."""

    id: Name


class ContextBody(Struct, frozen=True, gc=False):
    """What the caller says of the page load; what is left out is filled in where it can be."""

    # Of what a browser makes as long as it likes the beginning counts.
    url: str | None = None
    referrer: str | None = None
    locale: Short | None = None
    device: Short | None = None
    country: Short | None = None
    timezone: Short | None = None
    user_agent: str | None = None
    ip: Short | None = None
    attributes: dict[str, Any] = {}


class EventBody(Struct, frozen=True, gc=False):
    """Something the visitor did. `id` makes repeats harmless; another visitor's is another event's."""

    name: Name
    properties: dict[str, Any] = {}
    id: Name | None = None
    at: Instant | None = None


class ConsentBody(Struct, frozen=True, gc=False):
    """What the visitor has agreed to; null where nothing was said, so that the site's default counts."""

    personalization: bool | None = None
    analytics: bool | None = None


# No limit of its own: a page that was opened by a broken link still gets its decision.
Token = Annotated[
    str,
    Meta(
        description="What a preview link carries as `signpost_preview`; nothing is logged. Where it does not"
        " hold (forged, expired, revoked, of another site), the decision is as in force, unlogged too, with"
        ' `"degraded": ["preview"]`: nobody is taken into an experiment and nothing with a cap is shown.'
        " The same is said where a part of what is forced is not known any more; the rest is forced still."
    ),
]


class DecideBody(Struct, frozen=True, gc=False):
    """`POST /decide`."""

    visitor: KnownVisitorBody
    placements: Annotated[list[Name], Meta(min_length=1, max_length=50)]
    context: ContextBody = ContextBody()
    events: Annotated[list[EventBody], Meta(max_length=50)] = []
    consent: ConsentBody = ConsentBody()
    explain: bool = False
    at: Instant | None = None
    preview: Token | None = None


class EventsBody(Struct, frozen=True, gc=False):
    """`POST /events`."""

    visitor: VisitorBody
    events: Annotated[list[EventBody], Meta(min_length=1, max_length=500)]
    consent: ConsentBody = ConsentBody()
    sent_at: Instant | None = None


decide_decoder = msgspec.json.Decoder(DecideBody)
events_decoder = msgspec.json.Decoder(EventsBody)
