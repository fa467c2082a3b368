"""Editors who change one resource, or different ones, at the same time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from httpx import AsyncClient, Response

from app.storage.postgres import Postgres
from tests.api.answers import CONFIG_URL, REVISIONS_URL, document_of, said
from tests.api.conftest import AdminFactory
from tests.api.resources import API, KINDS, made, matching, with_placement
from tests.sites import SiteFactory
from tests.waiting import until

RULE: dict[str, Any] = {"key": "r", "placements": ["p"], "deliver": {"variant": "v"}}


@pytest.mark.parametrize("path", ["rules", "placements/p/variants"])
async def test_of_many_who_change_or_delete_with_the_same_etag_one_wins(
    admin: AdminFactory, path: str
) -> None:
    client = await with_placement(await admin())
    document, change = KINDS[path]
    etag = matching(await made(client, path, document))
    url = f"{API}/{path}/x"
    responses = await asyncio.gather(
        *(client.patch(url, json=change, headers=etag) for _ in range(20)),
        *(client.put(url, json={**document, **change}, headers=etag) for _ in range(20)),
        *(client.delete(url, headers=etag) for _ in range(20)),
    )
    statuses = [response.status_code for response in responses]
    assert len([status for status in statuses if status in {200, 204}]) == 1
    assert {*statuses} <= {200, 204, 404, 412}


@pytest.mark.parametrize("path", ["rules", "placements/p/variants"])
async def test_of_many_who_make_the_same_one_is_first(admin: AdminFactory, path: str) -> None:
    client = await with_placement(await admin())
    document, _ = KINDS[path]
    url = f"{API}/{path}/x"
    responses = await asyncio.gather(
        *(client.put(url, json=document, headers={"If-None-Match": "*"}) for _ in range(20)),
        *(client.put(url, json=document) for _ in range(20)),
        *(client.post(f"{API}/{path}", json=document) for _ in range(20)),
    )
    statuses = [response.status_code for response in responses]
    assert statuses.count(201) == 1
    assert {*statuses[:20]} <= {201, 412}
    assert {*statuses[20:40]} <= {201, 412, 428}
    assert {*statuses[40:]} <= {201, 409, 412}


async def test_many_who_make_different_ones_all_succeed(admin: AdminFactory) -> None:
    client = await with_placement(await admin())
    await asyncio.gather(
        *(made(client, "rules", {**RULE, "key": f"r{n}"}) for n in range(30)),
        *(made(client, "placements/p/variants", {"key": f"v{n}"}) for n in range(30)),
    )
    document = await document_of(client)
    assert {rule["key"] for rule in document["rules"]} == {f"r{n}" for n in range(30)}
    assert len(document["placements"][0]["variants"]) == 30
    etag = (await client.get(CONFIG_URL)).headers["etag"]
    assert (await client.get(CONFIG_URL)).headers["etag"] == etag


async def test_an_editor_of_another_resource_does_not_wait(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres
) -> None:
    site = await new_site()
    client = await admin(site=site)
    for key in ("held", "free"):
        await made(client, "rules", {**RULE, "key": key})
    async with locked(postgres, site.site_id, "held"):
        held = asyncio.create_task(change(client, "held"))
        await waiting(postgres, 1)
        assert (await change(client, "free")).status_code == 200
        await made(client, "rules", {**RULE, "key": "new"})
        assert not held.done()
    assert (await held).status_code == 200


async def test_who_publishes_waits_for_changes_under_way_and_they_for_him(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres
) -> None:
    site = await new_site()
    client = await admin(site=site)
    await made(client, "segments", {"key": "s", "condition": {}})
    async with locked(postgres, site.site_id, "s"):
        changing = asyncio.create_task(
            client.patch(f"{API}/segments/s", json={"condition": {"traits.a": 1}}, headers={"If-Match": "*"})
        )
        await waiting(postgres, 1)
        publishing = asyncio.create_task(client.post(REVISIONS_URL, json={}))
        await waiting(postgres, 2)
        assert not publishing.done()
    assert ((await changing).status_code, (await publishing).status_code) == (200, 201)
    published = (await client.get(f"{REVISIONS_URL}/1")).json()["document"]
    assert published == {"segments": [{"key": "s", "condition": {"traits.a": 1}}]}


@pytest.mark.parametrize("path", [*KINDS])
async def test_each_change_must_say_what_it_has_seen(admin: AdminFactory, path: str) -> None:
    client = await with_placement(await admin())
    document, change = KINDS[path]
    url = f"{API}/{path}/x"
    current = (await made(client, path, document)).headers["etag"]
    for headers, status in (({}, 428), ({"If-Match": '"old"'}, 412), ({"If-Match": f"W/{current}"}, 412)):
        for response in (
            await client.put(url, json={**document, **change}, headers=headers),
            await client.patch(url, json=change, headers=headers),
            await client.delete(url, headers=headers),
        ):
            said(response, status)
            assert status == 428 or response.headers["etag"] == current
    said(await client.put(url, json=document, headers={"If-None-Match": "*"}), 412)
    assert (await client.get(url)).json() == document


async def test_what_was_deleted_cannot_be_changed_as_if_it_were_there(admin: AdminFactory) -> None:
    client = await admin()
    etag = matching(await made(client, "rules", RULE))
    await client.delete(f"{API}/rules/r", headers=etag)
    for header in (etag, {"If-Match": "*"}):
        body = said(await client.put(f"{API}/rules/r", json=RULE, headers=header), 412)
        assert "deleted" in body["detail"]
        said(await client.delete(f"{API}/rules/r", headers=header), 404)


async def test_the_etag_of_a_variant_is_its_own(admin: AdminFactory) -> None:
    client = await admin()
    await made(client, "placements", {"key": "p", "variants": [{"key": "a"}, {"key": "b"}]})
    url = f"{API}/placements/p/variants"
    a, b = await client.get(f"{url}/a"), await client.get(f"{url}/b")
    placement = await client.get(f"{API}/placements/p")
    assert (await client.patch(f"{url}/a", json={"content": 1}, headers=matching(a))).status_code == 200
    assert (await client.patch(f"{url}/b", json={"content": 2}, headers=matching(b))).status_code == 200
    said(await client.patch(f"{url}/b", json={"content": 3}, headers=matching(b)), 412)
    said(await client.patch(f"{API}/placements/p", json={"default": "a"}, headers=matching(placement)), 412)
    assert (await client.get(f"{API}/placements/p")).json()["variants"] == [
        {"key": "a", "content": 1},
        {"key": "b", "content": 2},
    ]


async def change(client: AsyncClient, key: str) -> Response:
    return await client.patch(f"{API}/rules/{key}", json={"note": "new"}, headers={"If-Match": "*"})


@asynccontextmanager
async def locked(postgres: Postgres, site: int, key: str) -> AsyncIterator[None]:
    """Hold the row of one resource, as somebody does who has not committed yet."""
    query = "SELECT FROM drafts WHERE site_id = $1 AND key = $2 FOR UPDATE"
    async with postgres.pool.acquire() as connection, connection.transaction():
        await connection.execute(query, site, key)
        yield


async def waiting(postgres: Postgres, count: int) -> None:
    """Wait until so many are waiting for a lock."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"

    async def are_waiting() -> bool:
        return bool(await postgres.pool.fetchval(query) >= count)

    await until(are_waiting)
