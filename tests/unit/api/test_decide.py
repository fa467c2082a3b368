"""What `/decide` makes of its body, and what it answers."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from app.engine.records import Assignment, ConsentSaid, Event
from app.kit.clock import ms_of
from app.kit.ids import id_at
from tests.builders import DAY, NOW, delivering, experiment, journey, rule, ruleset, segment
from tests.unit.api.edge import PUBLIC, SECRET, Edge, proof_of

RULES: dict[str, Any] = {
    "segments": [segment("viewed", {"events.page_viewed.count": {"$gte": 1}})],
    "journeys": [journey("awareness", "consideration")],
}


async def test_a_decision_has_all_its_fields() -> None:
    answer = await Edge(ruleset(rules=[rule("offer-all")], **RULES)).decide()

    body = answer.json()
    assert UUID(body.pop("decision_id")).version == 7
    assert body == {
        "revision": 1,
        "visitor": {"id": "v-1", "stage": "awareness", "stages": {"purchase": "awareness"}, "segments": []},
        "placements": {
            "home.hero": {
                "variant": "offer",
                "content": {"title": "offer"},
                "reason": "rule",
                "rule": "offer-all",
                "experiment": None,
                "arm": None,
            }
        },
        "assignments": [],
        "degraded": [],
    }


async def test_an_assignment_is_told_to_the_page() -> None:
    edge = Edge(ruleset(experiments=[experiment()], rules=[delivering("hero-copy")]))

    body = (await edge.decide()).json()

    [told] = body["assignments"]
    arm = body["placements"]["home.hero"]["arm"]
    assert told == {"experiment": "hero-copy", "arm": arm, "phase": 1, "first": True}
    assert [record.decision_id for record in edge.journal.records if isinstance(record, Assignment)] == [
        body["decision_id"]
    ]


@pytest.mark.parametrize(
    ("expose", "stage", "stages", "segments"),
    [
        (["stage", "segments"], "awareness", {"purchase": "awareness"}, ["viewed"]),
        (["stage"], "awareness", {"purchase": "awareness"}, []),
        (["segments"], None, {}, ["viewed"]),
        ([], None, {}, []),
    ],
)
async def test_a_page_sees_of_its_visitor_what_the_site_exposes(
    expose: list[str], stage: str | None, stages: dict[str, str], segments: list[str]
) -> None:
    edge = Edge(ruleset(site={"expose": expose}, **RULES))

    seen = (await edge.decide(events=[{"name": "page_viewed"}])).json()["visitor"]

    assert seen == {"id": "v-1", "stage": stage, "stages": stages, "segments": segments}


async def test_a_server_sees_all_of_its_visitor() -> None:
    edge = Edge(ruleset(site={"expose": []}, **RULES))

    seen = (await edge.decide(SECRET, events=[{"name": "page_viewed"}])).json()["visitor"]

    assert (seen["stage"], seen["segments"]) == ("awareness", ["viewed"])


async def test_without_a_revision_the_page_gets_its_defaults() -> None:
    edge = Edge()
    edge.publish(None)

    body = (await edge.decide()).json()

    assert (body["revision"], body["degraded"]) == (0, ["revision"])
    assert body["placements"]["home.hero"]["content"] is None
    assert body["placements"]["home.hero"]["reason"] == "default"


@pytest.mark.parametrize("visitor", [{"user_id": "u-1"}, {"user_id": "u-1", "user_proof": proof_of("u-2")}])
async def test_a_user_without_a_proof_is_as_if_none_was_named(visitor: dict[str, str]) -> None:
    edge = Edge()

    answer = await edge.decide(visitor={"id": "v-1", **visitor})

    assert answer.json()["degraded"] == ["identity"]
    assert edge.profiles.reads == [(1, "v-1")]


async def test_a_user_with_a_proof_has_the_profile_of_the_user() -> None:
    edge = Edge()

    answer = await edge.decide(visitor={"id": "v-1", "user_id": "u-1", "user_proof": proof_of("u-1")})

    assert answer.json()["degraded"] == []
    assert edge.profiles.reads == [(1, "$user:u-1"), (1, "v-1")]


async def test_no_browser_can_name_a_users_profile() -> None:
    edge = Edge()

    answer = await edge.decide(visitor={"id": "$user:u-1"})

    assert (answer.status, answer.pointers) == (422, ["/visitor/id"])
    assert edge.profiles.reads == []


@pytest.mark.parametrize("at", [NOW - 400 * DAY, NOW + 400 * DAY, datetime(1971, 1, 1, tzinfo=UTC)])
async def test_a_server_may_ask_as_of_another_instant(at: datetime) -> None:
    edge = Edge(ruleset(experiments=[experiment()], rules=[delivering("hero-copy")]))

    answer = await edge.decide(SECRET, at=at.isoformat())

    assert answer.status == 200
    assert answer.json()["decision_id"][:13] == id_at(at)[:13]
    assert {record.at_ms for record in edge.journal.records} == {ms_of(at)}


@pytest.mark.parametrize(("at", "came"), [(NOW + 400 * DAY, NOW), (NOW - 400 * DAY, NOW - 400 * DAY)])
async def test_what_is_said_as_of_an_instant_to_come_was_said_now(at: datetime, came: datetime) -> None:
    edge = Edge(ruleset())

    answer = await edge.decide(
        SECRET, at=at.isoformat(), consent={"analytics": False}, events=[{"name": "order_completed"}]
    )

    consent, event = edge.journal.records
    assert isinstance(consent, ConsentSaid)
    assert isinstance(event, Event)
    assert (answer.status, consent.at_ms) == (200, ms_of(came))
    # The decision sees as just done what the visitor did.
    assert (event.at_ms, event.received_ms) == (ms_of(at), ms_of(came))


@pytest.mark.parametrize(
    "at",
    [datetime.min, datetime(1970, 12, 31, 23, 59, 59), datetime(2200, 1, 1), datetime.max],  # noqa: DTZ001, DTZ901 - the zone is set below
)
async def test_an_instant_beyond_all_calendars_is_refused_with_its_place(at: datetime) -> None:
    answer = await Edge().decide(SECRET, at=at.replace(tzinfo=UTC).isoformat())

    assert (answer.status, answer.pointers) == (422, ["/at"])


async def test_a_page_may_not_ask_as_of_another_instant() -> None:
    answer = await Edge().decide(PUBLIC, at=NOW.isoformat())

    assert answer.status == 403


@pytest.mark.parametrize("purpose", ["prefetch", "prefetch;prerender", "prefetch;anonymous-client-ip"])
async def test_a_page_that_is_fetched_ahead_starts_no_assignment(purpose: str) -> None:
    edge = Edge(ruleset(experiments=[experiment()], rules=[delivering("hero-copy")]))

    ahead = await edge.decide(headers={"Sec-Purpose": purpose})
    looked_at = await edge.decide(headers={"Sec-Purpose": ""})

    assert ahead.json()["assignments"] == []
    assert len(looked_at.json()["assignments"]) == 1


async def test_a_page_speaks_the_language_of_its_browser_and_a_server_only_its_own() -> None:
    shown = {"key": "offer", "content": "Offer", "locales": {"de": "Angebot"}}
    placements = [{"key": "home.hero", "default": "offer", "variants": [shown]}]
    edge = Edge(ruleset(placements=placements))
    german = {"Accept-Language": "de-AT"}

    page = await edge.decide(headers=german)
    server = await edge.decide(SECRET, headers=german)

    assert page.json()["placements"]["home.hero"]["content"] == "Angebot"
    assert server.json()["placements"]["home.hero"]["content"] == "Offer"


async def test_a_placement_that_is_asked_for_twice_is_answered_once() -> None:
    body = (await Edge().decide(placements=["home.hero", "home.hero"])).json()

    assert list(body["placements"]) == ["home.hero"]


async def test_an_event_in_the_request_is_the_visitors_and_of_this_instant() -> None:
    edge = Edge(ruleset(**RULES))

    answer = await edge.decide(events=[{"name": "Page Viewed", "id": "e-1"}])

    assert answer.json()["visitor"]["segments"] == ["viewed"]
    [event] = edge.journal.records
    assert (event.visitor, event.at_ms) == ("v-1", ms_of(NOW))


async def test_an_event_in_the_request_that_is_too_old_is_refused_with_its_place() -> None:
    at = (NOW - 91 * DAY).isoformat()

    answer = await Edge().decide(events=[{"name": "page_viewed", "at": at}])

    assert (answer.status, answer.pointers) == (422, ["/events/0/at"])
