"""What a page shows that was opened by a preview link, asked in both ways."""

from typing import Any

import pytest_asyncio
from httpx import Response

from tests.api.answers import CONFIG_URL
from tests.api.previewing import PAGE, SITE, URL
from tests.builders import delivering, document, experiment, rule
from tests.shop import RunningEdge, Shop
from tests.sites import SiteFactory
from tests.waiting import until


@pytest_asyncio.fixture
async def shop(edge: RunningEdge, new_site: SiteFactory) -> Shop:
    """A site in force, asked in both ways."""
    return await edge.shop(new_site, **SITE)


async def token_of(shop: Shop, **body: Any) -> str:
    response = await shop.edge.client.post(URL, json=body, headers=shop.secret)
    assert response.status_code == 201
    token: str = response.json()["token"]
    return token


async def seen(shop: Shop, token: str, **body: Any) -> dict[str, Any]:
    """Decide as a page of the shop does that was opened by a link."""
    answer = await shop.decide({"Origin": PAGE, **shop.public}, preview=token, **body)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == PAGE
    told: dict[str, Any] = answer.json()
    return told


def hero(told: dict[str, Any]) -> tuple[str, str | None, str | None]:
    choice = told["placements"]["home.hero"]
    return choice["reason"], choice["rule"], choice["arm"]


async def change_draft(shop: Shop, **fields: Any) -> Response:
    headers = {**shop.secret, "If-Match": "*"}
    response = await shop.edge.client.put(CONFIG_URL, json=document(**fields), headers=headers)
    return response.raise_for_status()


async def test_a_page_shows_the_arm_that_a_link_forces_for_the_whole_visit(shop: Shop) -> None:
    for arm in ("control", "treatment"):
        token = await token_of(shop, revision=1, arms={"hero-copy": arm})
        for visitor in ("v-1", "v-2", "v-3"):
            told = await seen(shop, token, visitor={"id": visitor})
            assert hero(told) == ("preview", "hero-copy-rule", arm)
            assert (told["revision"], told["assignments"], told["degraded"]) == (1, [], [])


async def test_a_page_shows_the_draft_as_it_stands_when_it_is_loaded(shop: Shop) -> None:
    token = await token_of(shop)

    for key in ("first", "second"):
        await change_draft(shop, rules=[rule(key)])
        told = await seen(shop, token)
        assert (hero(told), told["revision"]) == (("rule", key, None), None)
    assert (await shop.decide()).json()["revision"] == 1


async def test_an_experiment_can_be_looked_at_before_it_starts(shop: Shop) -> None:
    await change_draft(shop, experiments=[experiment(status="draft")], rules=[delivering("hero-copy")])

    token = await token_of(shop, arms={"hero-copy": "treatment"})

    assert hero(await seen(shop, token)) == ("preview", "hero-copy-rule", "treatment")
    assert hero(await seen(shop, await token_of(shop))) == ("default", None, None)


async def test_nothing_of_a_preview_is_kept(shop: Shop) -> None:
    token = await token_of(shop, stage="known", segments={"remove": ["viewed"]})

    for _ in range(3):
        told = await seen(
            shop,
            token,
            visitor={"id": "v-9"},
            events=[{"name": "page_viewed"}],
            consent={"personalization": True, "analytics": True},
        )
        # It has a cap of one, and nobody takes anything from it.
        assert hero(told) == ("preview", "known", None)

    assert shop.records == []
    after = await shop.decide(visitor={"id": "v-9"})
    assert after.json()["visitor"]["segments"] == []
    assert after.json()["assignments"][0]["first"] is True


async def test_what_a_visitor_is_known_for_counts(shop: Shop) -> None:
    await shop.send({"name": "page_viewed"}, visitor={"id": "v-8"})
    kept = len(shop.records)

    told = await seen(shop, await token_of(shop, revision=1), visitor={"id": "v-8"})

    assert (hero(told), told["visitor"]["segments"]) == (("rule", "viewer", None), ["viewed"])
    assert len(shop.records) == kept


async def test_every_link_ends_when_they_are_revoked(shop: Shop) -> None:
    token = await token_of(shop, revision=1, arms={"hero-copy": "treatment"})
    assert (await shop.edge.client.delete(URL, headers=shop.secret)).status_code == 204

    async def has_ended() -> bool:
        return bool((await seen(shop, token))["degraded"])

    await until(has_ended)
    assert shop.records == []
    again = await token_of(shop, revision=1, arms={"hero-copy": "treatment"})
    assert hero(await seen(shop, again))[2] == "treatment"


async def test_a_link_of_another_site_does_not_hold(
    shop: Shop, edge: RunningEdge, new_site: SiteFactory
) -> None:
    other = await edge.shop(new_site, **SITE)
    token = await token_of(other, revision=1, arms={"hero-copy": "treatment"})

    told = await seen(shop, token)

    assert (told["degraded"], told["assignments"], shop.records) == (["preview"], [], [])


async def test_while_the_draft_is_broken_its_link_shows_what_is_in_force(shop: Shop) -> None:
    token = await token_of(shop)
    await change_draft(shop, rules=[rule("r", placements=["nowhere"])])

    told = await seen(shop, token)

    assert (told["revision"], told["degraded"]) == (1, ["preview"])
