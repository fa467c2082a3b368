"""Keys made, told of, listed and changed."""

from datetime import datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from httpx import ASGITransport

from app.admin.keys import service
from app.storage.postgres import Postgres
from app.web.keyring import Keyring, Role
from tests.api.answers import CONFIG_URL, pointers, said
from tests.api.conftest import AdminFactory, Use
from tests.api.keys import EDITOR, KEYS_URL, later, make, patch, revoke, rotate, told
from tests.sites import SiteFactory

NOBODYS = "0193f1c2-7c1e-7b3a-9d55-3f2b8a1c0e11"


async def test_a_new_key_is_told_once_and_works(admin: AdminFactory, use: Use) -> None:
    client = await admin()
    response = await client.post(KEYS_URL, json={**EDITOR, "expires_at": later(days=1)})
    made = response.json()

    assert response.status_code == 201
    assert response.headers["location"] == f"{KEYS_URL}/{made['id']}"
    assert response.headers["cache-control"] == "no-store"
    assert await use(made.pop("key")) == 200
    assert await told(client, made) == made
    assert (made["kind"], made["role"], made["state"]) == ("secret", "editor", "in_force")


@pytest.mark.parametrize("role", list(Role))
async def test_a_key_may_do_what_its_role_says(
    admin: AdminFactory, admin_app: FastAPI, keyring: Keyring, postgres: Postgres, role: Role
) -> None:
    made = await make(await admin(), role=role.name.lower())
    await keyring.load(postgres.pool)
    headers = {"Authorization": f"Bearer {made['key']}"}
    async with httpx.AsyncClient(transport=ASGITransport(admin_app), base_url="http://admin") as client:
        asked = [
            await client.get(CONFIG_URL, headers=headers),
            await client.put(CONFIG_URL, json={}, headers=headers),
            await client.post("/api/v1/revisions", json={}, headers=headers),
            await client.get(KEYS_URL, headers=headers),
        ]
    statuses = [answer.status_code for answer in asked]
    allowed = [200, 200, 201, 200]
    assert statuses == [*allowed[: role.value], *[403] * (4 - role.value)]


async def test_a_public_key_has_no_role(admin: AdminFactory, use: Use) -> None:
    client = await admin()
    made = (await client.post(KEYS_URL, json={"kind": "public", "name": "pages"})).json()
    assert made["key"].startswith("pk_")
    assert made["role"] is None
    assert await use(made["key"]) == 403


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"role": None}, "/role"),
        ({"role": "owner"}, "/role"),
        ({"kind": "public"}, "/role"),
        ({"kind": "sekret"}, "/kind"),
        ({"name": ""}, "/name"),
        ({"name": "=cmd()"}, "/name"),
        ({"name": "two\nlines"}, "/name"),
        ({"name": "x" * 101}, "/name"),
        ({"expires_at": "tomorrow"}, "/expires_at"),
        ({"expires_at": "2026-01-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-14:00"}, "/expires_at"),
        ({"role_": "editor"}, "/role_"),
    ],
)
async def test_what_is_wrong_with_a_key_is_named(admin: AdminFactory, wrong: Any, place: str) -> None:
    client = await admin()
    assert pointers(await client.post(KEYS_URL, json={**EDITOR, **wrong})) == [place]


async def test_what_is_no_object_is_no_key(admin: AdminFactory) -> None:
    assert pointers(await (await admin()).post(KEYS_URL, json=[EDITOR])) == [""]


async def test_the_list_is_newest_first_in_pages_and_by_state(admin: AdminFactory) -> None:
    client = await admin()
    made = [await make(client, name=name) for name in "abc"]
    await revoke(client, made[1])
    first = (await client.get(KEYS_URL, params={"limit": 3})).json()
    rest = (await client.get(KEYS_URL, params={"limit": 3, "cursor": first["next_cursor"]})).json()

    assert [key["name"] for key in first["items"]] == ["c", "b", "a"]
    assert [key["name"] for key in rest["items"]] == ["first secret key", "first public key"]
    assert rest["next_cursor"] is None
    by_state = {
        state: [key["name"] for key in (await client.get(KEYS_URL, params={"state": state})).json()["items"]]
        for state in ("in_force", "revoked", "expired")
    }
    assert by_state == {
        "in_force": ["c", "a", "first secret key", "first public key"],
        "revoked": ["b"],
        "expired": [],
    }


async def test_neither_keys_nor_hashes_are_ever_told_again(admin: AdminFactory, postgres: Postgres) -> None:
    client = await admin()
    made = await make(client)
    kept = await postgres.pool.fetchval("SELECT encode(hash, 'hex') FROM keys WHERE id = $1", made["id"])
    for path in (KEYS_URL, f"{KEYS_URL}/{made['id']}", "/api/v1/audit", "/api/v1/audit?format=csv"):
        text = (await client.get(path)).text
        assert made["id"] in text
        assert made["key"] not in text
        assert "hash" not in text
        assert kept not in text


async def test_last_use_is_told_and_changes_no_etag(admin: AdminFactory, postgres: Postgres) -> None:
    client = await admin()
    made = await make(client)
    etag = (await client.get(f"{KEYS_URL}/{made['id']}")).headers["etag"]
    assert made["last_used_at"] is None
    await postgres.pool.execute("UPDATE keys SET last_used_at = now() WHERE id = $1", made["id"])
    after = await client.get(f"{KEYS_URL}/{made['id']}")
    assert after.json()["last_used_at"] is not None
    assert after.headers["etag"] == etag


async def test_a_key_can_be_given_another_name_role_and_end(admin: AdminFactory, use: Use) -> None:
    client = await admin()
    made = await make(client, role="publisher")
    url = f"{KEYS_URL}/{made['id']}"
    etag = (await client.get(url)).headers["etag"]
    end = later(days=2)
    changes = {"name": "an intern", "role": "viewer", "expires_at": end}
    response = await client.patch(url, json=changes, headers={"If-Match": etag})

    assert response.status_code == 200
    assert {name: response.json()[name] for name in ("name", "role")} == {
        "name": "an intern",
        "role": "viewer",
    }
    assert datetime.fromisoformat(response.json()["expires_at"]) == datetime.fromisoformat(end)
    assert response.headers["etag"] == (await client.get(url)).headers["etag"] != etag
    assert await use(made["key"]) == 200
    assert (await patch(client, made, expires_at=None)).json()["expires_at"] is None
    assert (await patch(client, made)).json()["name"] == "an intern"


async def test_a_change_needs_the_etag(admin: AdminFactory) -> None:
    client = await admin()
    url = f"{KEYS_URL}/{(await make(client))['id']}"
    said(await client.patch(url, json={"name": "b"}), 428)
    said(await client.patch(url, json={"name": "b"}, headers={"If-Match": '"old"'}), 412)


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"role": None}, "/role"),
        ({"name": None}, "/name"),
        ({"kind": "public"}, "/kind"),
        ({"expires_at": "2026-01-01T00:00:00Z"}, "/expires_at"),
    ],
)
async def test_what_cannot_be_changed_so_is_named(admin: AdminFactory, wrong: Any, place: str) -> None:
    client = await admin()
    assert pointers(await patch(client, await make(client), **wrong)) == [place]


async def test_a_public_key_gets_no_role(admin: AdminFactory) -> None:
    client = await admin()
    made = (await client.post(KEYS_URL, json={"kind": "public", "name": "pages"})).json()
    assert pointers(await patch(client, made, role="viewer")) == ["/role"]


async def test_keys_are_for_admins(admin: AdminFactory, new_site: SiteFactory) -> None:
    site = await new_site()
    made = await make(await admin(site=site))
    for role in (Role.VIEWER, Role.EDITOR, Role.PUBLISHER):
        client = await admin(role, site)
        url = f"{KEYS_URL}/{made['id']}"
        for response in (
            await client.get(KEYS_URL),
            await client.post(KEYS_URL, json=EDITOR),
            await client.get(url),
            await client.patch(url, json={"name": "b"}, headers={"If-Match": "*"}),
            await client.delete(url),
            await client.post(f"{url}/rotate", json={}),
        ):
            said(response, 403)


async def test_of_another_sites_keys_nothing_is_there(admin: AdminFactory, use: Use) -> None:
    ours, theirs = await admin(), await admin()
    made = await make(ours)
    for key in (made, {"id": NOBODYS}):
        url = f"{KEYS_URL}/{key['id']}"
        said(await theirs.get(url), 404)
        said(await patch(theirs, key, name="b"), 404)
        said(await theirs.delete(url), 404)
        said(await theirs.post(f"{url}/rotate", json={}), 404)
    assert made["id"] not in (await theirs.get(KEYS_URL)).text
    assert await use(made["key"]) == 200


async def test_an_id_that_is_none_is_named(admin: AdminFactory) -> None:
    assert pointers(await (await admin()).get(f"{KEYS_URL}/first")) == ["path:key_id"]


async def test_a_site_has_a_bounded_number_of_keys(
    admin: AdminFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await admin()
    monkeypatch.setattr(service, "KEYS_LIMIT", 3)
    made = await make(client)
    said(await client.post(KEYS_URL, json=EDITOR), 409)
    await revoke(client, made)
    await make(client)


async def test_everything_done_to_keys_is_in_the_audit(admin: AdminFactory, new_site: SiteFactory) -> None:
    site = await new_site()
    client = await admin(site=site)
    made = await make(client)
    await patch(client, made, role="viewer")
    new = (await rotate(client, made)).json()
    await revoke(client, made)
    entries = (await client.get("/api/v1/audit")).json()["items"]

    assert [(entry["action"], entry["target"]) for entry in reversed(entries)] == [
        ("added", f"keys/{made['id']}"),
        ("changed", f"keys/{made['id']}"),
        ("added", f"keys/{new['id']}"),
        ("rotated", f"keys/{made['id']}"),
        ("revoked", f"keys/{made['id']}"),
    ]
    assert (entries[-2]["before"]["role"], entries[-2]["after"]["role"]) == ("editor", "viewer")
    assert entries[1]["after"]["replaced_by"] == new["id"]


async def test_what_changes_nothing_of_a_key_is_not_in_the_audit(
    admin: AdminFactory, new_site: SiteFactory
) -> None:
    client = await admin(site=await new_site())
    made = await make(client, expires_at=later(days=1))
    same = {name: made[name] for name in ("name", "role", "expires_at")}
    assert (await patch(client, made, **same)).json() == await told(client, made)
    entries = (await client.get("/api/v1/audit", params={"target": f"keys/{made['id']}"})).json()["items"]
    assert [entry["action"] for entry in entries] == ["added"]
