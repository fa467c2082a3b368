"""How an event of the wire becomes a record, and what `/events` makes of its body."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.api.events import records_of
from app.api.wire import EventBody
from app.engine.records import Event
from app.kit.clock import instant_of, ms_of
from app.web.problems import WrongContentError
from tests.builders import DAY, MINUTE, NOW, SECOND
from tests.unit.api.edge import SECRET, Edge, proof_of


def record(sent_at: datetime | None = None, **event: Any) -> Event:
    body = EventBody(**{"name": "page_viewed", **event})
    [made] = records_of([body], 1, "v-1", NOW, trusted=False, sent_at=sent_at)
    return made


def at_of(at: datetime | None, sent_at: datetime | None = None) -> datetime:
    return instant_of(record(at=at, sent_at=sent_at).at_ms)


def test_an_event_is_the_visitors_and_has_just_been_received() -> None:
    made = record(id="e-1")

    assert (made.site, made.visitor, made.id) == (1, "v-1", "e-1")
    assert made.at_ms == made.received_ms == ms_of(NOW)
    assert not made.trusted


def test_names_are_normalized() -> None:
    made = record(name="Order Completed", properties={"orderValue": 5, "Currency": "EUR"})

    assert (made.name, made.properties) == ("order_completed", {"order_value": 5, "currency": "EUR"})


def test_our_own_names_stay_ours() -> None:
    assert record(name="$exposure").name == "$exposure"


def test_an_event_without_an_id_gets_one_of_its_own() -> None:
    one, other = record(), record()

    assert UUID(one.id).version == 7
    assert one.id != other.id


@pytest.mark.parametrize("ago", [SECOND, DAY, 90 * DAY])
def test_an_event_may_come_late(ago: timedelta) -> None:
    assert at_of(NOW - ago) == NOW - ago


@pytest.mark.parametrize("ago", [90 * DAY + SECOND, 10_000 * DAY, NOW - datetime(1, 1, 1, tzinfo=UTC)])
def test_an_event_that_comes_more_than_90_days_late_is_refused_with_its_place(ago: timedelta) -> None:
    bodies = [EventBody("page_viewed"), EventBody("page_viewed", at=NOW - ago)]

    with pytest.raises(WrongContentError) as caught:
        records_of(bodies, 1, "v-1", NOW, trusted=False)

    assert [error.pointer for error in caught.value.errors] == ["/events/1/at"]


@pytest.mark.parametrize("ahead", [SECOND, 5 * MINUTE])
def test_a_clock_that_is_a_little_ahead_is_put_right_by_the_latest_instant(ahead: timedelta) -> None:
    said = [NOW + ahead, NOW + ahead - MINUTE, None, NOW + 6 * MINUTE, NOW]

    records = records_of([EventBody("seen", at=at) for at in said], 1, "v-1", NOW, trusted=False)

    assert [instant_of(record.at_ms) for record in records] == [NOW, NOW - MINUTE, NOW, NOW, NOW]


@pytest.mark.parametrize("ahead", [5 * MINUTE + SECOND, 10_000 * DAY, datetime.max.replace(tzinfo=UTC) - NOW])
def test_what_claims_to_lie_in_the_future_counts_as_now(ahead: timedelta) -> None:
    assert at_of(NOW + ahead) == NOW


@pytest.mark.parametrize("wrong_by", [-400 * DAY, -2 * MINUTE, timedelta(0), 3 * SECOND, 400 * DAY])
def test_the_instant_of_sending_corrects_the_clients_clock(wrong_by: timedelta) -> None:
    clients_now = NOW + wrong_by

    assert at_of(clients_now - 10 * MINUTE, clients_now) == NOW - 10 * MINUTE


def test_without_an_instant_of_its_own_an_event_is_of_now_whatever_the_clients_clock_says() -> None:
    assert at_of(None, NOW - 400 * DAY) == NOW


@pytest.mark.parametrize("at", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
@pytest.mark.parametrize("sent_at", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
async def test_no_clock_however_wrong_breaks_anything(at: datetime, sent_at: datetime) -> None:
    event = {"name": "page_viewed", "at": at.isoformat()}

    answer = await Edge().events(event, sent_at=sent_at.isoformat())

    assert answer.status in {202, 422}


async def test_only_what_a_secret_key_sends_is_trusted() -> None:
    edge = Edge()

    await edge.events({"name": "order_completed"})
    await edge.events({"name": "order_completed"}, key=SECRET)

    assert [event.trusted for event in edge.journal.records if isinstance(event, Event)] == [False, True]


async def visitor_of(edge: Edge, key: str | None = None, **visitor: Any) -> str:
    answer = await edge.events({"name": "page_viewed"}, visitor=visitor, **({"key": key} if key else {}))
    assert answer.status == 202
    return edge.journal.records[-1].visitor


async def test_events_are_the_users_once_the_user_is_known() -> None:
    edge = Edge()

    assert await visitor_of(edge, id="v-1") == "v-1"
    assert await visitor_of(edge, SECRET, id="v-1", user_id="u-1") == "$user:u-1"
    assert await visitor_of(edge, SECRET, user_id="u-1") == "$user:u-1"
    assert await visitor_of(edge, id="v-1", user_id="u-1", user_proof=proof_of("u-1")) == "$user:u-1"
    assert await visitor_of(edge, user_id="u-1", user_proof=proof_of("u-1")) == "$user:u-1"


@pytest.mark.parametrize(
    ("visitor", "ignored"),
    [
        ({"id": "v-1", "user_id": "u-1"}, 1),
        ({"id": "v-2", "user_id": "u-1"}, 0),
        ({"user_id": "u-1"}, 0),
    ],
)
async def test_a_denial_on_the_device_holds_for_the_events_of_its_user(
    visitor: dict[str, str], ignored: int
) -> None:
    edge = Edge()
    await edge.decide(consent={"personalization": False, "analytics": False})

    answer = await edge.events({"name": "page_viewed"}, visitor=visitor, key=SECRET)

    assert answer.json()["ignored"] == ignored


async def test_events_of_a_user_without_a_proof_are_the_visitors() -> None:
    assert await visitor_of(Edge(), id="v-1", user_id="u-1") == "v-1"


@pytest.mark.parametrize("visitor", [{}, {"user_id": "u-1"}, {"id": None}, {"id": "$user:u-1"}])
async def test_events_must_be_somebodys(visitor: dict[str, Any]) -> None:
    answer = await Edge().events({"name": "page_viewed"}, visitor=visitor)

    assert (answer.status, answer.pointers) == (422, ["/visitor/id"])


async def test_events_that_cannot_be_kept_are_to_be_sent_again() -> None:
    edge = Edge()
    edge.journal.full = True

    answer = await edge.events({"name": "page_viewed"})

    assert (answer.status, answer.headers["retry-after"]) == (503, "1")


@pytest.mark.parametrize("count", [0, 501])
async def test_there_are_1_to_500_events(count: int) -> None:
    answer = await Edge().events(*[{"name": "page_viewed"}] * count)

    assert (answer.status, answer.pointers) == (422, ["/events"])


async def test_500_events_at_once_are_taken() -> None:
    answer = await Edge().events(*[{"name": "page_viewed"}] * 500)

    assert answer.json() == {"accepted": 500, "duplicate": 0, "ignored": 0}


def test_names_of_properties_are_spelled_alike_in_every_event_of_a_request() -> None:
    sent: list[dict[str, Any]] = [
        {"shoe_size": 1},
        {"shoe_size": 2},
        {"shoeSize": 3},
        {"shoe_size": 4, "Color": "red"},
        {},
    ]
    bodies = [EventBody(name="x", properties=properties) for properties in sent]

    made = records_of(bodies, 1, "v-1", NOW, trusted=False)

    wanted = [{"shoe_size": 1}, {"shoe_size": 2}, {"shoe_size": 3}, {"shoe_size": 4, "color": "red"}, {}]
    assert [event.properties for event in made] == wanted
