"""`POST /decide` with `explain`: why each placement shows what it shows."""

from typing import Any

import pytest_asyncio

from tests.builders import arm, delivering, experiment, placement, rule, segment
from tests.shop import RunningEdge, Shop
from tests.sites import SiteFactory

RULES = [
    rule("vip", priority=900, audience={"segments": ["vip"]}),
    rule("abroad", priority=800, audience={"condition": {"context.country": {"$nin": ["DE", "AT"]}}}),
    delivering("hero-copy", priority=700),
    rule("german", priority=600, audience={"condition": {"context.country": "DE"}}),
    rule("french", priority=500, audience={"condition": {"context.country": "FR"}}),
]


@pytest_asyncio.fixture(scope="module")
async def shop(edge: RunningEdge, new_site: SiteFactory) -> Shop:
    """A shop with five rules at `home.hero` and none at `home.side`."""
    return await edge.shop(
        new_site,
        placements=[placement(), placement("home.side")],
        segments=[segment("vip", {"traits.vip": True})],
        experiments=[experiment(arms=[arm("null", None)])],
        rules=RULES,
    )


async def explained(shop: Shop, **body: Any) -> dict[str, Any]:
    """Ask with the secret key for the placements of a German, explained."""
    asked = {"context": {"country": "DE"}, "explain": True, **body}
    answered: dict[str, Any] = (await shop.decide(shop.secret, **asked)).json()
    return answered


async def test_each_candidate_stands_in_order_with_what_it_lacked(shop: Shop) -> None:
    hero = (await explained(shop))["placements"]["home.hero"]

    assert (hero["reason"], hero["rule"], hero["content"]) == ("rule", "german", {"title": "offer"})
    assert hero["trace"] == [
        {"rule": "vip", "lacked": ["segment"]},
        {"rule": "abroad", "lacked": ["condition"], "condition": ["/context.country/$nin"]},
        {"rule": "hero-copy-rule", "lacked": ["variant"]},
        {"rule": "german", "lacked": []},
        {"rule": "french", "lacked": ["condition", "outranked"], "condition": ["/context.country"]},
    ]


async def test_a_placement_without_candidates_has_an_empty_trace(shop: Shop) -> None:
    placements = (await explained(shop, placements=["home.side", "nowhere"]))["placements"]

    assert [placements[key]["trace"] for key in ("home.side", "nowhere")] == [[], []]


async def test_nothing_else_in_the_answer_changes(shop: Shop) -> None:
    told = await explained(shop)
    plain = await explained(shop, explain=False)

    assert "trace" not in plain["placements"]["home.hero"]
    del told["placements"]["home.hero"]["trace"], told["decision_id"], plain["decision_id"]
    # The second time it is no longer the visitor's first assignment.
    told["assignments"], plain["assignments"] = [], []
    assert told == plain


async def test_what_the_request_brings_is_in_the_trace(edge: RunningEdge, new_site: SiteFactory) -> None:
    viewed = {"condition": {"events.page_viewed.count": {"$gte": 1}}}
    shop = await edge.shop(new_site, rules=[rule("viewed", audience=viewed)])

    before = await explained(shop)
    after = await explained(shop, events=[{"name": "page_viewed"}])

    assert [told["placements"]["home.hero"]["trace"][0]["lacked"] for told in (before, after)] == [
        ["condition"],
        [],
    ]


async def test_pages_get_their_answer_without_a_trace(shop: Shop) -> None:
    answer = await shop.decide(explain=True)

    assert answer.status_code == 200
    assert "trace" not in answer.json()["placements"]["home.hero"]


async def test_before_anything_is_published_there_are_no_candidates(
    edge: RunningEdge, new_site: SiteFactory
) -> None:
    shop = Shop(edge, await new_site())
    await shop.is_known()

    told = await explained(shop)

    assert (told["revision"], told["placements"]["home.hero"]["trace"]) == (0, [])
