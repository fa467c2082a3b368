"""`POST /api/v1/preview`: the draft, tried out on a made-up visitor."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from app.admin.sites.service import NewSite
from app.web.keyring import Role
from tests.api.answers import CONFIG_URL, pointers, replace, said
from tests.api.conftest import AdminFactory
from tests.builders import arm, delivering, document, experiment, journey, placement, rule, segment
from tests.shop import RunningEdge, Shop
from tests.sites import SiteFactory

URL = "/api/v1/preview"
BUYER = {"events.order_completed.count": {"$gte": 2}}
DRAFT: Mapping[str, Any] = document(
    placements=[placement("home.hero", "default", "offer", "other"), placement("home.side")],
    segments=[segment("buyer", BUYER), segment("known", {"stage": "known"})],
    journeys=[
        journey("new", {"key": "known", "when": {"traits.known": True}}),
        journey("in", "out", key="loyalty"),
    ],
    experiments=[experiment(arms=[arm("a", "default"), arm("b", "other")], status="running")],
    rules=[
        rule("known", priority=900, audience={"stages": ["known"]}, deliver={"variant": "offer"}),
        rule("buyer", priority=800, audience={"segments": ["buyer"]}, deliver={"variant": "other"}),
        delivering("hero-copy", priority=100),
    ],
)


@pytest.fixture
async def client(admin: AdminFactory) -> AsyncClient:
    """An admin of a site whose draft was never published."""
    opened = await admin()
    await replace(opened, dict(DRAFT))
    return opened


async def previewed(client: AsyncClient, **body: Any) -> dict[str, Any]:
    """Try the draft out at `home.hero`, unless the body says otherwise."""
    response = await client.post(URL, json={"placements": ["home.hero"], **body})
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    answered: dict[str, Any] = response.json()
    return answered


async def shown(client: AsyncClient, **body: Any) -> str | None:
    """Name the rule that is shown at `home.hero`."""
    rule_shown: str | None = (await previewed(client, **body))["placements"]["home.hero"]["rule"]
    return rule_shown


async def test_a_visitor_may_be_told_as_to_decide(client: AsyncClient) -> None:
    visitor = {"id": "v-1", "user_id": None, "user_proof": None}
    assert (await previewed(client, visitor=visitor))["visitor"]["id"] == "v-1"


async def test_the_draft_is_answered_as_decide_would_answer_it(client: AsyncClient) -> None:
    answer = await previewed(client, visitor={"id": "v-1"}, placements=["home.side", "nowhere"])

    assert UUID(answer.pop("decision_id")).version == 7
    nothing: dict[str, Any] = {"rule": None, "experiment": None, "arm": None, "trace": []}
    assert answer == {
        "revision": None,
        "visitor": {
            "id": "v-1",
            "stage": "new",
            "stages": {"purchase": "new", "loyalty": "in"},
            "segments": [],
        },
        "placements": {
            "home.side": {
                "variant": "default",
                "content": {"title": "default"},
                "reason": "default",
                **nothing,
            },
            "nowhere": {"variant": None, "content": None, "reason": "unknown_placement", **nothing},
        },
        "assignments": [],
        "degraded": [],
    }


async def test_each_placement_says_why_unless_nobody_wants_to_know(client: AsyncClient) -> None:
    told = (await previewed(client))["placements"]["home.hero"]
    plain = (await previewed(client, explain=False))["placements"]["home.hero"]

    assert [(one["rule"], one["lacked"]) for one in told["trace"]] == [
        ("known", ["stage"]),
        ("buyer", ["segment"]),
        ("hero-copy-rule", []),
    ]
    assert "trace" not in plain


async def test_a_forced_stage_is_what_rules_and_segments_see(client: AsyncClient) -> None:
    answer = await previewed(client, stage="known")

    assert answer["visitor"]["stage"] == "known"
    assert answer["visitor"]["segments"] == ["known"]
    assert answer["placements"]["home.hero"]["rule"] == "known"


async def test_the_stage_of_any_journey_can_be_forced(client: AsyncClient) -> None:
    answer = await previewed(client, stages={"loyalty": "out"}, profile={"traits": {"known": True}})

    assert answer["visitor"]["stages"] == {"purchase": "known", "loyalty": "out"}


async def test_made_up_traits_and_events_are_what_conditions_find(client: AsyncClient) -> None:
    events = {"order_completed": {"count": 2}}

    assert await shown(client, profile={"traits": {"known": True}}) == "known"
    assert await shown(client, profile={"events": events}) == "buyer"


async def test_events_of_the_request_come_on_top_of_made_up_ones(client: AsyncClient) -> None:
    once = {"events": {"order_completed": {"count": 1}}}

    assert await shown(client, profile=once) == "hero-copy-rule"
    assert await shown(client, profile=once, events=[{"name": "Order Completed"}]) == "buyer"


async def test_a_made_up_arm_is_kept(client: AsyncClient) -> None:
    for held, variant in (("a", "default"), ("b", "other")):
        answer = await previewed(client, profile={"arms": {"hero-copy": held}})

        assert answer["placements"]["home.hero"]["variant"] == variant
        assert answer["assignments"] == [{"experiment": "hero-copy", "arm": held, "phase": 1, "first": False}]


async def test_who_is_not_named_is_somebody_new_each_time(client: AsyncClient) -> None:
    one, other = [(await previewed(client))["visitor"]["id"] for _ in range(2)]

    assert one != other


async def test_without_consent_the_made_up_profile_is_not_looked_at(client: AsyncClient) -> None:
    known = {"traits": {"known": True}}
    denied = {"personalization": False}

    assert await shown(client, profile=known, consent=denied) == "hero-copy-rule"
    assert await shown(client, profile=known, events=[{"name": "x"}], consent={"analytics": False}) == "known"


@pytest.mark.parametrize(
    ("body", "lacked"),
    [
        ({"consent": {"analytics": False}}, ["logging"]),
        ({"context": {"user_agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}}, ["logging"]),
        ({}, []),
    ],
)
async def test_who_would_not_be_counted_is_not_taken_in(
    client: AsyncClient, body: dict[str, Any], lacked: list[str]
) -> None:
    answer = await previewed(client, **body)

    assert answer["placements"]["home.hero"]["trace"][-1]["lacked"] == lacked
    assert bool(answer["assignments"]) == (not lacked)


async def trying(client: AsyncClient, condition: Mapping[str, Any]) -> AsyncClient:
    """Make the draft one rule of this condition."""
    await replace(client, document(rules=[rule("r", audience={"condition": dict(condition)})]))
    return client


@pytest.mark.parametrize(
    ("condition", "body"),
    [
        ({"context.country": "DE"}, {"context": {"country": "DE"}}),
        ({"context.url.path": "/bikes"}, {"context": {"url": "https://shop.example/bikes"}}),
        ({"context.browser": "firefox"}, {"context": {"user_agent": "Firefox/140.0 Gecko/20100101"}}),
        ({"context.attributes.cart": 5}, {"context": {"attributes": {"cart": 5}}}),
        ({"context.hour": 21}, {"at": "2026-03-10T12:00:00Z", "context": {"timezone": "Asia/Tokyo"}}),
        ({"profile.age_days": 30}, {"profile": {"age_days": 30}}),
        ({"profile.is_new": False}, {"profile": {"age_days": 0.5}}),
        ({"profile.is_new": True}, {"profile": {"events": {"viewed": {"count": 1}}}}),
        ({"profile.age_days": 7}, {"profile": {"events": {"viewed": {"days_since": 7}}}}),
        ({"profile.is_new": True}, {"profile": {"events": {"viewed": {"count": 0}}}}),
        (
            {"events.bought.last_sku": "x", "events.bought.sum_value": {"$gt": 5}},
            {"events": [{"name": "bought", "properties": {"SKU": "x", "value": 9}}]},
        ),
        (
            {"events.viewed.count_since_bought": 1},
            {"events": [{"name": "viewed"}, {"name": "bought", "at": "2026-01-01T00:00:00Z"}]},
        ),
        (
            {"events.bought.count_7d": 0, "events.bought.count": 1},
            {
                "at": "2026-03-10T12:00:00Z",
                "events": [{"name": "bought", "at": "2026-01-01T00:00:00Z", "id": "e-1"}],
            },
        ),
    ],
)
async def test_whatever_conditions_ask_can_be_made_up(
    admin: AdminFactory, condition: Mapping[str, Any], body: dict[str, Any]
) -> None:
    client = await trying(await admin(), condition)

    assert await shown(client, **body) == "r"


async def test_the_draft_counts_whatever_is_published(client: AsyncClient) -> None:
    assert await shown(client) == "hero-copy-rule"

    await replace(client, document(rules=[rule("new")]))

    assert await shown(client) == "new"


async def test_a_draft_that_does_not_compile_is_a_422_with_every_place(client: AsyncClient) -> None:
    broken = document(
        segments=[segment("s", {"segments": "nobody"})],
        rules=[rule("a", schedule={"timezone": "Mars"})],
    )
    await replace(client, broken)

    refused = said(await client.post(URL, json={"placements": ["home.hero"]}), 422)

    assert "the draft" in refused["detail"]
    assert [error["pointer"] for error in refused["errors"]] == [
        "/segments/0/condition/segments",
        "/rules/0/schedule/timezone",
    ]


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({"stage": "nowhere"}, ["/stage"]),
        ({"stages": {"nowhere": "new"}}, ["/stages/nowhere"]),
        ({"stages": {"loyalty": "new"}}, ["/stages/loyalty"]),
        ({"profile": {"arms": {"nothing": "a"}}}, ["/profile/arms/nothing"]),
        ({"profile": {"arms": {"hero-copy": "c", "$holdout": "generic"}}}, ["/profile/arms/hero-copy"]),
        ({"profile": {"events": {"a/b": {"cuont": 1}}}}, ["/profile/events/a~1b/cuont"]),
        (
            {"stage": "x", "profile": {"arms": {"$holdout": "a"}, "events": {"e": {"count": -1}}}},
            ["/profile/events/e/count", "/profile/arms/$holdout", "/stage"],
        ),
        ({"placements": []}, ["/placements"]),
        ({"at": "2026-03-10"}, ["/at"]),
        ({"at": "1970-12-31T00:00:00Z"}, ["/at"]),
        ({"context": {"planet": "Mars"}}, ["/context/planet"]),
        ({"profile": {"age_days": -1}}, ["/profile/age_days"]),
        ({"visitor": {"id": ""}}, ["/visitor/id"]),
        ({"surprise": 1}, ["/surprise"]),
    ],
)
async def test_what_cannot_be_made_up_is_a_422_that_names_the_place(
    client: AsyncClient, body: dict[str, Any], places: list[str]
) -> None:
    assert pointers(await client.post(URL, json={"placements": ["home.hero"], **body})) == places


async def test_a_site_without_journeys_has_no_stage_to_force(admin: AdminFactory) -> None:
    client = await trying(await admin(), {})

    assert pointers(await client.post(URL, json={"placements": ["home.hero"], "stage": "new"})) == ["/stage"]


async def test_an_empty_draft_shows_nothing(admin: AdminFactory) -> None:
    answer = await previewed(await admin())

    assert answer["placements"]["home.hero"]["reason"] == "unknown_placement"


async def test_viewers_may_try_and_strangers_may_not(admin: AdminFactory, new_site: SiteFactory) -> None:
    site: NewSite = await new_site()
    viewer = await admin(Role.VIEWER, site)

    assert (await previewed(viewer))["revision"] is None
    said(await viewer.post(URL, json={}, headers={"Authorization": "Bearer sk_unknown"}), 401)
    said(await viewer.post(URL, content="{", headers={"Content-Type": "application/json"}), 400)


async def test_nothing_of_it_is_kept(edge: RunningEdge, new_site: SiteFactory) -> None:
    shop = Shop(edge, await new_site())
    await shop.is_known()
    headers = {**shop.secret, "If-None-Match": "*"}
    assert (await edge.client.put(CONFIG_URL, json=dict(DRAFT), headers=headers)).status_code == 200
    asked = {"visitor": {"id": "v-1"}, "placements": ["home.hero"], "events": [{"name": "order_completed"}]}

    answer = await edge.client.post(URL, json=asked, headers=shop.secret)

    assert len(answer.json()["assignments"]) == 1
    assert shop.records == []
