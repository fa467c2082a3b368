"""`POST /events`, and how an event of either route becomes a record."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from app.api.consent import said
from app.api.decoding import decode_body, wrong_content
from app.api.identity import proven_user, site_of
from app.api.parts import Parts
from app.api.request import Request
from app.api.wire import EVENTS_BYTES, EventBody, EventsBody, VisitorBody, events_decoder
from app.decision.page_load import USER_PREFIX, profile_key
from app.engine.names import snake_case
from app.engine.records import Event
from app.journal.append import JournalUnavailable
from app.kit.clock import ms_of
from app.kit.ids import new_id
from app.rulesets.live import LiveSite
from app.web.keyring import Caller
from app.web.problems import UnavailableError

OLDEST = timedelta(days=90)
CLOCK_TOLERANCE = timedelta(minutes=5)

_encoder = msgspec.json.Encoder()


async def answer_events(request: Request, parts: Parts, caller: Caller, now: datetime) -> bytes:
    """Take in one visitor's events; they are durable before the answer is written."""
    # As it came the body is not kept: while this waits, others need the memory.
    records, consent, device = _read(await request.json_body(EVENTS_BYTES), parts, caller, now)
    try:
        observed = await parts.observe.observe(records, consent, device)
    except JournalUnavailable as error:
        raise UnavailableError(f"events cannot be kept just now: {error}") from error
    return _encoder.encode(observed)


def _read(
    sent: bytes, parts: Parts, caller: Caller, now: datetime
) -> tuple[list[Event], dict[str, bool], str | None]:
    """Read the events of a body, what it says of consent, and which device a user is on."""
    body = decode_body(events_decoder, sent)
    site = site_of(caller, parts.rulesets)
    visitor = _whose(body, caller, site)
    device = None if visitor == body.visitor.id else body.visitor.id
    trusted = caller.kind == "secret"
    records = records_of(body.events, site.id, visitor, now, trusted=trusted, sent_at=body.sent_at)
    return records, said(body.consent), device


def _whose(body: EventsBody, caller: Caller, site: LiveSite) -> str:
    refuse_foreign_profile(body.visitor)
    user = proven_user(body.visitor, caller, site)
    if body.visitor.id is None and user is None:
        raise wrong_content("/visitor/id", "is required: whose events are these?")
    return profile_key(body.visitor.id or "", user)


def refuse_foreign_profile(visitor: VisitorBody) -> None:
    """Refuse a visitor id that would name a user's profile: only a proven `user_id` opens one."""
    if visitor.id is not None and visitor.id.startswith(USER_PREFIX):
        raise wrong_content("/visitor/id", f"must not start with {USER_PREFIX}")


def records_of(
    events: Sequence[EventBody],
    site: int,
    visitor: str,
    now: datetime,
    *,
    trusted: bool,
    sent_at: datetime | None = None,
) -> list[Event]:
    """Turn events into records of one visitor.

    `sent_at` is now by the client's clock, against which its instants are read. What claims to lie more than
    5 minutes ahead counts as now. Less than that is a clock that is ahead, by as much as the latest instant
    is: all are put right by it, since the next decision sees what was done and nothing that is yet to come.

    Raises:
        WrongContentError: where an event is more than 90 days old.

    """
    latest_ms = received_ms = ms_of(now)
    well_spelled: set[str] = set()
    records = []
    for index, event in enumerate(events):
        at_ms = received_ms if event.at is None else ms_of(_instant(index, event.at, now, sent_at or now))
        latest_ms = max(latest_ms, at_ms)
        id_, name, properties = event.id or new_id(), snake_case(event.name), event.properties
        # Events that come together have the same properties, and most are spelled as they should be.
        if not well_spelled.issuperset(properties):
            properties = {snake_case(name): value for name, value in properties.items()}
            well_spelled.update(properties)
        # In the order of its fields: to name them takes longer.
        records.append(Event(site, visitor, id_, name, properties, at_ms, received_ms, trusted))
    ahead_ms = latest_ms - received_ms
    return [_put_right(record, ahead_ms) for record in records] if ahead_ms else records


def _put_right(event: Event, ahead_ms: int) -> Event:
    """Correct an event's instant, unless it is that at which it came."""
    if event.at_ms == event.received_ms:
        return event
    return msgspec.structs.replace(event, at_ms=event.at_ms - ahead_ms)


def _instant(index: int, at: datetime, now: datetime, sent_at: datetime) -> datetime:
    age = sent_at - at
    if age > OLDEST:
        raise wrong_content(f"/events/{index}/at", f"is more than {OLDEST.days} days ago")
    return now if age < -CLOCK_TOLERANCE else now - age
