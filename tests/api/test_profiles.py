"""`/api/v1/profiles/{visitor}`: what is remembered, and traits that are set."""

from typing import Any

import pytest
import pytest_asyncio

from app.storage.postgres import Postgres
from app.web.keyring import Role
from tests.api.answers import pointers, said
from tests.api.conftest import add_key
from tests.api.profiles import FIELDS, asked, patched, segments, told
from tests.shop import RunningEdge, Shop
from tests.sites import SiteFactory
from tests.waiting import until


@pytest_asyncio.fixture
async def shop(shipped_edge: RunningEdge, new_site: SiteFactory) -> Shop:
    return await shipped_edge.shop(new_site, **FIELDS)


async def test_what_a_visitor_left_is_told(shop: Shop) -> None:
    await shop.send({"name": "page_viewed", "properties": {"value": 2.5}}, consent={"analytics": True})
    await shop.decide()

    profile = await told(shop)

    assert (profile["visitor"], profile["owner"], profile["traits"]) == ("v-1", None, {})
    assert profile["first_seen"] == profile["last_event_at"]
    viewed = profile["events"]["page_viewed"]
    assert (viewed["count"], viewed["sums"]) == (1, {"value": 2.5})
    assert profile["stages"]["purchase"]["stage"] == "known"
    assert [(move["came_from"], move["stage"], move["because"]) for move in profile["moves"]] == [
        (None, "known", "known.when")
    ]
    assert profile["arms"]["hero-copy"]["arm"] in {"control", "treatment"}
    assert profile["consent"]["analytics"]["granted"] is True


async def test_deliveries_of_capped_rules_are_told(shop: Shop) -> None:
    await patched(shop, {"plan": {"tier": "gold"}})
    await shop.decide()

    assert len((await told(shop))["caps"]["offer"]) == 1


async def test_of_a_stranger_nothing_is_told(shop: Shop) -> None:
    assert "nothing is remembered" in said(await asked(shop, "GET", "v-1"), 404)["detail"]


async def test_traits_steer_the_very_next_decision(shop: Shop) -> None:
    assert "gold" not in await segments(shop)

    response = await patched(shop, {"plan": {"tier": "gold"}})

    assert (response.status_code, response.content) == (204, b"")
    assert (await shop.decide()).json()["placements"]["home.hero"]["rule"] == "offer"
    await patched(shop, {"plan": {"tier": None}})
    assert "gold" not in await segments(shop)
    assert (await told(shop))["traits"] == {"plan": {}}


async def test_a_user_is_asked_for_by_the_name_of_its_profile(shop: Shop) -> None:
    await patched(shop, {"plan": {"tier": "gold"}}, "$user:u-1")

    assert (await told(shop, "$user:u-1"))["traits"] == {"plan": {"tier": "gold"}}
    assert await segments(shop, shop.secret, user_id="u-1") == ["gold"]
    assert await segments(shop) == []


@pytest.mark.parametrize(
    "visitor",
    ["a/b", "a\nb", "a\n", "\n", "a/identity/b", "a b", "é%", "v?x#y", "x" * 128, "$user:" + "x" * 128],
)
async def test_a_visitor_may_be_called_anything(shop: Shop, visitor: str) -> None:
    await patched(shop, {"a": 1}, visitor)

    profile = await told(shop, visitor)

    assert (profile["visitor"], profile["traits"]) == (visitor, {"a": 1})


async def test_a_slash_may_come_as_it_is(shop: Shop) -> None:
    await patched(shop, {"a": 1}, "a/b")

    answer = await shop.edge.client.get("/api/v1/profiles/a/b", headers=shop.secret)

    assert answer.json()["visitor"] == "a/b"


async def test_nobody_is_erased_for_somebody_of_nearly_the_same_name(shop: Shop) -> None:
    for visitor in ("abc", "abc\n", "abc/identity/d"):
        await patched(shop, {"a": 1}, visitor)

    for encoded in ("abc%0A", "abc%2Fidentity%2Fd"):
        url = f"/api/v1/profiles/{encoded}"
        assert (await shop.edge.client.delete(url, headers=shop.secret)).status_code == 204

    assert (await told(shop, "abc"))["traits"] == {"a": 1}
    for visitor in ("abc\n", "abc/identity/d"):
        said(await asked(shop, "GET", visitor), 404)


@pytest.mark.parametrize("visitor", ["x" * 135, "a\0b", ""])
async def test_a_name_that_nobody_can_have_is_refused(shop: Shop, visitor: str) -> None:
    assert pointers(await asked(shop, "GET", visitor)) == ["path:visitor"]
    assert pointers(await patched(shop, {}, visitor)) == ["path:visitor"]


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({}, ["/traits"]),
        ([], [""]),
        ({"traits": None}, ["/traits"]),
        ({"traits": [1]}, ["/traits"]),
        ({"traits": {}, "stages": {}}, ["/stages"]),
        ({"traits": {f"t{n}": n for n in range(101)}}, ["/traits"]),
        ({"traits": {"a": "x" * 16_384}}, ["/traits"]),
        ({"traits": {"": 1}}, ["/traits/"]),
        ({"traits": {"x" * 129: 1, "b": "\0"}}, ["/traits/b", f"/traits/{'x' * 129}"]),
    ],
)
async def test_what_no_traits_can_be_is_refused_by_its_place(
    shop: Shop, body: Any, places: list[str]
) -> None:
    assert pointers(await asked(shop, "PATCH", "v-1", json=body)) == places
    said(await asked(shop, "GET", "v-1"), 404)


async def test_as_much_as_may_be_is_taken(shop: Shop) -> None:
    large = {f"{n:0128}": "x" for n in range(99)} | {"y" * 128: 2**70}

    assert (await patched(shop, large)).status_code == 204
    assert (await told(shop))["traits"] == {**large, "y" * 128: float(2**70)}


async def test_patch_by_patch_no_more_is_taken_than_may_be_in_all(shop: Shop) -> None:
    answers = [await patched(shop, {name: "x" * 16_000}) for name in "abcde"]

    assert [answer.status_code for answer in answers] == [204, 204, 204, 204, 422]
    assert pointers(answers[-1]) == ["/traits"]
    assert [*(await told(shop))["traits"]] == ["a", "b", "c", "d"]


@pytest.mark.parametrize("content", ["", "{", '{"traits": {"a": NaN}}'])
async def test_what_is_not_json_is_refused(shop: Shop, content: str) -> None:
    headers = {**shop.secret, "Content-Type": "application/json"}

    said(await asked(shop, "PATCH", "v-1", headers, content=content), 400)


async def test_a_viewer_may_read_and_an_editor_may_change(shop: Shop, postgres: Postgres) -> None:
    await patched(shop, {"a": 1})
    statuses = {}
    for role in (Role.VIEWER, Role.EDITOR):
        key = await add_key(postgres, shop.site, role)
        headers = {"Authorization": f"Bearer {key}"}

        async def is_known(key: str = key) -> bool:
            return shop.edge.parts.keyring.find(key) is not None

        await until(is_known)
        asking = [("GET", "v-1"), ("PATCH", "v-1"), ("DELETE", "v-1/identity/u-1")]
        answers = [await asked(shop, method, path, headers, json={"traits": {}}) for method, path in asking]
        statuses[role] = [answer.status_code for answer in answers]

    assert statuses == {Role.VIEWER: [200, 403, 403], Role.EDITOR: [200, 204, 404]}


async def test_a_public_key_learns_nothing(shop: Shop) -> None:
    await patched(shop, {"a": 1})

    said(await asked(shop, "GET", "v-1", shop.public), 403)
    said(await asked(shop, "PATCH", "v-1", shop.public, json={"traits": {}}), 403)
