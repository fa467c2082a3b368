"""Who outside is told of what."""

import base64
from typing import Any

import pytest
from httpx import AsyncClient

from app.admin.sites.service import NewSite
from app.storage.postgres import Postgres
from app.web.keyring import Role
from tests.api.answers import pointers, said
from tests.api.conftest import AdminFactory
from tests.sites import SiteFactory

URL = "/api/v1/webhooks"
SHOP = {"url": "https://shop.example/hooks", "events": ["revision.published"]}


async def add(client: AsyncClient, **fields: Any) -> dict[str, Any]:
    response = await client.post(URL, json={**SHOP, **fields})
    assert response.status_code == 201, response.text
    answered: dict[str, Any] = response.json()
    return answered


async def audit(postgres: Postgres, site: NewSite) -> list[Any]:
    query = "SELECT action, target, before::text, after::text FROM audit WHERE site_id = $1 ORDER BY id"
    return await postgres.pool.fetch(query, site.site_id)


async def test_a_webhook_is_answered_with_its_secret_this_once(admin: AdminFactory) -> None:
    client = await admin()
    response = await client.post(URL, json=SHOP)
    made = response.json()
    assert response.status_code == 201
    assert response.headers["location"] == f"{URL}/{made['id']}"
    secret = made.pop("secret")
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    read = await client.get(f"{URL}/{made['id']}")
    assert read.json() == made
    assert read.headers["etag"] == response.headers["etag"]
    assert (made["url"], made["events"]) == (SHOP["url"], SHOP["events"])
    assert (made["enabled"], made["disabled_because"]) == (True, None)


async def test_the_list_is_newest_first_and_comes_in_pages(admin: AdminFactory) -> None:
    client = await admin()
    urls = [f"https://shop.example/{number}" for number in range(3)]
    for url in urls:
        await add(client, url=url)
    first = (await client.get(f"{URL}?limit=2")).json()
    last = (await client.get(URL, params={"cursor": first["next_cursor"]})).json()
    assert [each["url"] for each in first["items"] + last["items"]] == urls[::-1]
    assert last["next_cursor"] is None
    assert "secret" not in first["items"][0]


async def test_a_change_needs_the_etag_and_leaves_the_rest(admin: AdminFactory) -> None:
    client = await admin()
    made = await add(client)
    path = f"{URL}/{made['id']}"
    etag = (await client.get(path)).headers["etag"]
    said(await client.patch(path, json={"enabled": False}), 428)
    changed = await client.patch(path, json={"enabled": False}, headers={"If-Match": etag})
    assert (changed.json()["enabled"], changed.json()["url"]) == (False, SHOP["url"])
    assert changed.headers["etag"] == (await client.get(path)).headers["etag"] != etag
    said(await client.patch(path, json={"enabled": True}, headers={"If-Match": etag}), 412)
    moved = {"url": "https://other.example/", "events": ["revision.publish_failed"], "enabled": None}
    changed = await client.patch(path, json=moved, headers={"If-Match": "*"})
    assert changed.json() == {**changed.json(), **moved, "enabled": False}


async def test_an_event_counts_once(admin: AdminFactory) -> None:
    client = await admin()
    made = await add(client, events=["experiment.status_changed", "revision.published"] * 2)
    assert made["events"] == ["experiment.status_changed", "revision.published"]


async def test_what_is_removed_is_gone(admin: AdminFactory) -> None:
    client = await admin()
    path = f"{URL}/{(await add(client))['id']}"
    said(await client.delete(path), 428)
    said(await client.delete(path, headers={"If-Match": '"7"'}), 412)
    assert (await client.delete(path, headers={"If-Match": '"1"'})).status_code == 204
    said(await client.get(path), 404)
    said(await client.delete(path, headers={"If-Match": "*"}), 404)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"url": "http://shop.example/"}, "/url"),
        ({"url": "https://169.254.169.254/latest/meta-data"}, "/url"),
        ({"url": "https://10.0.0.1/"}, "/url"),
        ({"url": ""}, "/url"),
        ({"url": "https://shop.example/\x00"}, "/url"),
        ({"url": "https://shop.example/" + "x" * 2_048}, "/url"),
        ({"events": []}, "/events"),
        ({"events": ["revision.deleted"]}, "/events/0"),
        ({"enabled": "yes"}, "/enabled"),
        ({"secret": "whsec_AAAA"}, "/secret"),
    ],
)
async def test_what_is_wrong_with_a_webhook_is_named(
    admin: AdminFactory, body: dict[str, Any], pointer: str
) -> None:
    client = await admin()
    assert pointers(await client.post(URL, json={**SHOP, **body})) == [pointer]
    made = await add(client)
    change = await client.patch(f"{URL}/{made['id']}", json=body, headers={"If-Match": "*"})
    assert pointers(change) == [pointer]


async def test_a_webhook_on_this_machine_may_use_plain_http(admin: AdminFactory) -> None:
    await add(await admin(), url="http://127.0.0.1:9000/hooks")


async def test_a_site_has_so_many_webhooks_at_most(
    admin: AdminFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.admin.webhooks.service.MOST", 1)
    client = await admin()
    await add(client)
    said(await client.post(URL, json=SHOP), 409)


async def test_a_new_secret_is_answered_this_once(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres
) -> None:
    site = await new_site()
    client = await admin(site=site)
    made = await add(client)
    rotated = await client.post(f"{URL}/{made['id']}/rotate", json={"overlap_s": 60})
    assert rotated.status_code == 200
    assert rotated.json()["secret"] != made["secret"]
    assert rotated.json()["previous_until"] > made["created_at"]
    said(await client.post(f"{URL}/{made['id']}/rotate", json={"overlap_s": -1}), 422)
    assert (await audit(postgres, site))[-1]["action"] == "rotated"


async def test_all_of_it_is_in_the_audit_but_for_secrets(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres
) -> None:
    site = await new_site()
    client = await admin(site=site)
    made = await add(client)
    path, free = f"{URL}/{made['id']}", {"If-Match": "*"}
    await client.patch(path, json={"enabled": False}, headers=free)
    await client.delete(path, headers=free)
    rows = await audit(postgres, site)
    assert [row["action"] for row in rows] == ["added", "changed", "removed"]
    assert {row["target"] for row in rows} == {f"webhooks/{made['id']}"}
    assert "whsec_" not in str([tuple(row) for row in rows])


@pytest.mark.parametrize(
    "same", [{}, {"enabled": True}, {"url": SHOP["url"], "events": ["revision.published"] * 2}]
)
async def test_what_changes_nothing_leaves_the_etag_and_is_not_in_the_audit(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres, same: dict[str, Any]
) -> None:
    site = await new_site()
    client = await admin(site=site)
    made = await add(client)
    read = await client.get(f"{URL}/{made['id']}")
    etag = {"If-Match": read.headers["etag"]}
    patched = await client.patch(f"{URL}/{made['id']}", json=same, headers=etag)
    assert (patched.status_code, patched.json(), patched.headers["etag"]) == (
        200,
        read.json(),
        etag["If-Match"],
    )
    assert [row["action"] for row in await audit(postgres, site)][-1] == "added"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR, Role.PUBLISHER])
async def test_webhooks_are_for_admins(admin: AdminFactory, role: Role) -> None:
    client = await admin(role)
    said(await client.get(URL), 403)
    said(await client.post(URL, json=SHOP), 403)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {}),
        ("DELETE", "", None),
        ("POST", "/rotate", {}),
        ("POST", "/ping", None),
        ("GET", "/deliveries", None),
        ("POST", "/deliveries/019a0000-0000-7000-8000-000000000000/resend", None),
    ],
)
async def test_nobody_has_to_do_with_webhooks_of_another_site(
    admin: AdminFactory, method: str, path: str, body: Any
) -> None:
    made = await add(await admin())
    theirs = await admin()
    headers = {"If-Match": "*"}
    said(await theirs.request(method, f"{URL}/{made['id']}{path}", json=body, headers=headers), 404)
    assert (await theirs.get(URL)).json()["items"] == []
