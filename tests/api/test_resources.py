"""Every kind of resource, through every verb."""

from typing import Any

import pytest

from app.storage.postgres import Postgres
from app.web.keyring import Role
from tests.api.answers import CONFIG_URL, document_of, pointers, replace, said
from tests.api.conftest import AdminFactory
from tests.api.resources import API, KINDS, keys_of, made, matching, with_placement
from tests.sites import SiteFactory

every_kind = pytest.mark.parametrize(
    ("path", "document", "change"), [(path, *kind) for path, kind in KINDS.items()], ids=[*KINDS]
)


@every_kind
async def test_a_life_from_put_to_delete(
    admin: AdminFactory, path: str, document: dict[str, Any], change: dict[str, Any]
) -> None:
    client = await with_placement(await admin(Role.EDITOR))
    url = f"{API}/{path}/x"
    said(await client.get(url), 404)

    put = await client.put(url, json=document, headers={"If-None-Match": "*"})
    assert (put.status_code, put.json(), put.headers["location"]) == (201, document, url)
    got = await client.get(url)
    assert (got.status_code, got.json(), got.headers["etag"]) == (200, document, put.headers["etag"])

    patched = await client.patch(url, json=change, headers=matching(got))
    assert (patched.status_code, patched.json()) == (200, {**document, **change})
    again = await client.put(url, json=document, headers=matching(patched))
    assert (again.status_code, again.json(), again.headers["etag"]) == (200, document, put.headers["etag"])
    assert "location" not in again.headers

    deleted = await client.delete(url, headers=matching(again))
    assert (deleted.status_code, deleted.content) == (204, b"")
    said(await client.get(url), 404)


@every_kind
async def test_post_makes_one_and_only_one(
    admin: AdminFactory, path: str, document: dict[str, Any], change: dict[str, Any]
) -> None:
    client = await with_placement(await admin())
    posted = await client.post(f"{API}/{path}", json=document)
    assert (posted.status_code, posted.json()) == (201, document)
    got = await client.get(posted.headers["location"])
    assert (got.json(), got.headers["etag"]) == (document, posted.headers["etag"])

    body = said(await client.post(f"{API}/{path}", json={**document, **change}), 409)
    assert body["detail"] == f"there is {path}/x already"
    assert (await client.get(posted.headers["location"])).json() == document


@every_kind
async def test_a_list_has_them_all(
    admin: AdminFactory, path: str, document: dict[str, Any], change: dict[str, Any]
) -> None:
    client = await with_placement(await admin())
    for key in ("c", "a", "b"):
        await made(client, path, {**document, **change, "key": key})
    listed = (await client.get(f"{API}/{path}")).json()
    assert listed["next_cursor"] is None
    assert listed["items"][-3:] == [{**document, **change, "key": key} for key in ("c", "a", "b")]


@every_kind
async def test_each_change_is_one_of_the_whole_draft(
    admin: AdminFactory, path: str, document: dict[str, Any], change: dict[str, Any]
) -> None:
    client = await with_placement(await admin())
    url = f"{API}/{path}/x"
    etags = [(await client.get(CONFIG_URL)).headers["etag"]]
    put = await made(client, path, document)
    etags.append((await client.get(CONFIG_URL)).headers["etag"])
    patched = await client.patch(url, json=change, headers=matching(put))
    etags.append((await client.get(CONFIG_URL)).headers["etag"])
    await client.delete(url, headers=matching(patched))
    assert len(set(etags)) == 3


@every_kind
async def test_another_site_has_none_of_it(
    admin: AdminFactory, path: str, document: dict[str, Any], change: dict[str, Any]
) -> None:
    ours, theirs = await with_placement(await admin()), await with_placement(await admin())
    etag = matching(await made(ours, path, document))
    url = f"{API}/{path}/x"
    said(await theirs.get(url), 404)
    said(await theirs.patch(url, json=change, headers=etag), 404)
    said(await theirs.delete(url, headers=etag), 404)
    said(await theirs.put(url, json=document, headers=etag), 412)
    assert "x" not in await keys_of(theirs, path)
    await made(theirs, path, {**document, **change})
    assert (await ours.get(url)).json() == document


@every_kind
async def test_a_viewer_may_only_read(
    admin: AdminFactory, new_site: SiteFactory, path: str, document: dict[str, Any], change: dict[str, Any]
) -> None:
    site = await new_site()
    editor, viewer = await with_placement(await admin(site=site)), await admin(Role.VIEWER, site)
    etag = matching(await made(editor, path, document))
    url = f"{API}/{path}/x"
    assert (await viewer.get(url)).status_code == (await viewer.get(f"{API}/{path}")).status_code == 200
    said(await viewer.post(f"{API}/{path}", json=document), 403)
    said(await viewer.put(url, json=document, headers=etag), 403)
    said(await viewer.patch(url, json=change, headers=etag), 403)
    said(await viewer.delete(url, headers=etag), 403)


@every_kind
async def test_what_is_wrong_is_named_with_what_was_meant(
    admin: AdminFactory, path: str, document: dict[str, Any], change: dict[str, Any]
) -> None:
    client = await with_placement(await admin())
    field = next(iter(change))
    wrong = {**document, f"{field}x": 1, "extra": "\x00"}
    response = await client.put(f"{API}/{path}/x", json=wrong)
    assert set(pointers(response)) == {f"/{field}x", "/extra"}
    messages = [error["message"] for error in response.json()["errors"]]
    assert f"unknown field '{field}x'; did you mean {field}?" in messages
    assert pointers(await client.post(f"{API}/{path}", json=wrong)) == pointers(response)

    etag = matching(await made(client, path, document))
    patched = await client.patch(f"{API}/{path}/x", json={f"{field}x": 1, "extra": "\x00"}, headers=etag)
    assert patched.json()["errors"] == response.json()["errors"]


@every_kind
async def test_the_key_is_that_of_the_path_and_may_be_left_to_it(
    admin: AdminFactory, path: str, document: dict[str, Any], change: dict[str, Any]
) -> None:
    client = await with_placement(await admin())
    url = f"{API}/{path}/x"
    bare = {name: value for name, value in document.items() if name != "key"}
    for other in ("y", None):
        assert pointers(await client.put(url, json={**bare, "key": other})) == ["/key"]
    assert pointers(await client.post(f"{API}/{path}", json=bare)) == ["/key"]
    put = await client.put(url, json=bare)
    assert (put.status_code, put.json()) == (201, document)
    for other in ("y", None):
        patched = await client.patch(url, json={**change, "key": other}, headers=matching(put))
        assert pointers(patched) == ["/key"]
    assert (await client.get(url)).json() == document


async def test_a_resource_is_the_part_of_the_document_that_it_was_put_in(admin: AdminFactory) -> None:
    client = await admin()
    rule = {"key": "r", "placements": ["p"], "deliver": {"variant": "v"}}
    placement = {"key": "p", "variants": [{"key": "v", "content": {"b": 1.0, "a": 2}}]}
    await replace(client, {"site": {"timezone": "UTC"}, "placements": [placement], "rules": [rule]})
    assert (await client.get(f"{API}/rules/r")).json() == rule
    assert (await client.get(f"{API}/placements/p")).json() == placement
    assert (await client.get(f"{API}/placements/p/variants/v")).json() == placement["variants"][0]
    assert (await client.get(f"{API}/site")).json() == {"timezone": "UTC"}
    assert (await client.get(f"{API}/holdout")).json() == {}


async def test_what_was_put_one_by_one_is_published_as_it_would_be_in_one(admin: AdminFactory) -> None:
    client = await admin()
    for key in ("b", "a"):
        await made(client, "placements", {"key": key})
    await made(client, "placements/a/variants", {"key": "v", "content": 1})
    await client.patch(f"{API}/holdout", json={"percent": 5})
    assert await document_of(client) == {
        "placements": [{"key": "b"}, {"key": "a", "variants": [{"key": "v", "content": 1}]}],
        "holdout": {"percent": 5},
    }
    assert (await client.post(f"{API}/revisions", json={})).status_code == 201
    published = (await client.get(f"{API}/revisions/1")).json()["document"]
    assert published == await document_of(client)


async def test_every_change_is_in_the_audit_under_its_name(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres
) -> None:
    site = await new_site()
    client = await admin(Role.EDITOR, site)
    await made(client, "placements", {"key": "p"})
    variant = await made(client, "placements/p/variants", {"key": "v"})
    url = f"{API}/placements/p/variants/v"
    for _ in range(2):
        same = await client.patch(url, json={"content": 1}, headers={"If-Match": "*"})
    assert same.headers["etag"] != variant.headers["etag"]
    await client.delete(url, headers=matching(same))
    await client.patch(f"{API}/site", json={"timezone": "UTC"})
    query = "SELECT action, target, before::text, after::text FROM audit WHERE site_id = $1 ORDER BY id"
    assert [tuple(row) for row in await postgres.pool.fetch(query, site.site_id)] == [
        ("added", "placements/p", None, '{"key": "p"}'),
        ("added", "placements/p/variants/v", None, '{"key": "v"}'),
        ("changed", "placements/p/variants/v", '{"key": "v"}', '{"key": "v", "content": 1}'),
        ("removed", "placements/p/variants/v", '{"key": "v", "content": 1}', None),
        ("added", "site", None, '{"timezone": "UTC"}'),
    ]


async def test_variants_of_no_placement_are_not_there(admin: AdminFactory) -> None:
    client = await admin()
    url = f"{API}/placements/nowhere/variants"
    for response in (
        await client.get(url),
        await client.post(url, json={"key": "v"}),
        await client.get(f"{url}/v"),
        await client.put(f"{url}/v", json={"key": "v"}),
        await client.delete(f"{url}/v", headers={"If-Match": "*"}),
    ):
        assert said(response, 404)["detail"] == "there is no placement 'nowhere'"


@pytest.mark.parametrize("key", ["$holdout", "a b", "ä", "%00", "x" * 129])
async def test_what_can_be_no_key_is_named_in_the_path(admin: AdminFactory, key: str) -> None:
    assert pointers(await (await admin()).get(f"{API}/rules/{key}")) == ["path:key"]


async def test_no_list_grows_over_what_a_document_may_hold(
    admin: AdminFactory,
) -> None:
    client = await admin()
    journeys = [{"key": f"j{n}"} for n in range(100)]
    variants = [{"key": f"v{n}"} for n in range(1_000)]
    await replace(client, {"journeys": journeys, "placements": [{"key": "p", "variants": variants}]})
    for path, most in (("journeys", "100 journeys"), ("placements/p/variants", "1,000 variants")):
        body = said(await client.put(f"{API}/{path}/one-more", json={}), 409)
        assert most in body["detail"]
    assert len((await document_of(client))["journeys"]) == 100
