"""Keys rotated and revoked, the admin that stays, and how everybody hears of it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.kit.tasks import background
from app.rulesets.refresh import Refresh
from app.storage.postgres import Postgres, dsn_of
from app.web.keyring import Keyring
from tests.api.answers import pointers, said
from tests.api.conftest import AdminFactory, Use
from tests.api.keys import ADMIN, EDITOR, KEYS_URL, first_admin, later, make, patch, revoke, rotate, told
from tests.shop import RunningEdge, Shop
from tests.sites import SiteFactory
from tests.waiting import until


async def test_a_revoked_key_is_refused_and_stays_revoked(admin: AdminFactory, use: Use) -> None:
    client = await admin()
    made = await make(client)
    assert await use(made["key"]) == 200
    assert (await revoke(client, made)).status_code == 204
    assert await use(made["key"]) == 401
    once = await told(client, made)
    assert (await revoke(client, made)).status_code == 204
    assert await told(client, made) == once
    assert once["state"] == "revoked"
    said(await patch(client, made, name="b"), 409)
    said(await rotate(client, made), 409)


async def test_a_rotated_key_and_its_successor_both_work_while_they_overlap(
    admin: AdminFactory, use: Use
) -> None:
    client = await admin()
    old = await make(client)
    response = await rotate(client, old, overlap_s=60)
    new, rotated = response.json(), await told(client, old)

    assert response.status_code == 201
    assert response.headers["location"] == f"{KEYS_URL}/{new['id']}"
    assert {name: new[name] for name in EDITOR} == EDITOR
    assert new["expires_at"] is None
    assert [await use(key["key"]) for key in (old, new)] == [200, 200]
    assert rotated["replaced_by"] == new["id"]
    left = datetime.fromisoformat(rotated["expires_at"]) - datetime.now(UTC)
    assert timedelta(0) < left <= timedelta(seconds=60)
    said(await rotate(client, old), 409)
    assert (await rotate(client, new)).status_code == 201


async def test_without_overlap_the_old_key_is_over_at_once(admin: AdminFactory, use: Use) -> None:
    client = await admin()
    old = await make(client)
    new = (await rotate(client, old, overlap_s=0)).json()
    assert [await use(key["key"]) for key in (old, new)] == [401, 200]
    assert (await told(client, old))["state"] == "expired"
    said(await patch(client, old, expires_at=None), 409)


async def test_a_successor_expires_as_the_old_key_would_have_unless_said_otherwise(
    admin: AdminFactory,
) -> None:
    client = await admin()
    old = await make(client, expires_at=later(hours=1))
    same = (await rotate(client, old, overlap_s=7_200)).json()
    assert same["expires_at"] == old["expires_at"] == (await told(client, old))["expires_at"]
    other = (await rotate(client, same, expires_at=later(days=9))).json()
    assert other["expires_at"] > same["expires_at"]


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"overlap_s": -1}, "/overlap_s"),
        ({"overlap_s": 2_592_001}, "/overlap_s"),
        ({"expires_at": "2026-01-01T00:00:00Z"}, "/expires_at"),
    ],
)
async def test_what_is_wrong_with_a_rotation_is_named(admin: AdminFactory, wrong: Any, place: str) -> None:
    client = await admin()
    made = await make(client)
    assert pointers(await rotate(client, made, **wrong)) == [place]


async def test_of_many_who_rotate_a_key_at_once_one_does(admin: AdminFactory) -> None:
    client = await admin()
    made = await make(client)
    url = f"{KEYS_URL}/{made['id']}/rotate"
    answers = await asyncio.gather(*(client.post(url, json={}) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]


async def test_the_last_admin_can_be_neither_revoked_nor_demoted_nor_made_to_expire(
    admin: AdminFactory,
) -> None:
    client = await admin()
    last = await first_admin(client)
    passing = await make(client, role="admin", expires_at=later(days=1))
    refused = [
        await revoke(client, last),
        await patch(client, last, role="publisher"),
        await patch(client, last, expires_at=later(days=1)),
        await rotate(client, last, expires_at=later(days=1)),
    ]
    assert [said(response, 409)["detail"][:27] for response in refused] == ["it is the last admin's key "] * 4
    assert {k: v for k, v in (await told(client, last)).items() if k != "last_used_at"} == {
        k: v for k, v in last.items() if k != "last_used_at"
    }
    assert (await revoke(client, passing)).status_code == 204


async def test_with_another_admin_the_first_can_go(admin: AdminFactory) -> None:
    client = await admin()
    last, other = await first_admin(client), await make(client, **ADMIN)
    assert (await patch(client, other, role="viewer")).status_code == 200
    said(await revoke(client, last), 409)
    assert (await patch(client, other, role="admin")).status_code == 200
    assert (await revoke(client, last)).status_code == 204


async def test_the_last_admin_can_be_rotated(admin: AdminFactory, use: Use) -> None:
    client = await admin()
    last = await first_admin(client)
    new = (await rotate(client, last, overlap_s=0)).json()
    assert new["role"] == "admin"
    assert await use(new["key"]) == 200


async def test_of_two_admins_that_revoke_each_other_at_once_one_stays(
    admin: AdminFactory, postgres: Postgres
) -> None:
    client = await admin()
    pair = [await first_admin(client), await make(client, **ADMIN)]
    answers = await asyncio.gather(*(revoke(client, key) for key in pair))
    assert sorted(answer.status_code for answer in answers) == [204, 409]
    count = "SELECT count(*) FROM keys WHERE id = ANY ($1) AND revoked_at IS NULL"
    assert await postgres.pool.fetchval(count, [key["id"] for key in pair]) == 1


async def test_every_worker_hears_of_a_key_at_once(admin: AdminFactory, postgres: Postgres) -> None:
    client, elsewhere = await admin(), Keyring()
    dsn = dsn_of(postgres.engine.url.render_as_string(hide_password=False))
    # With an hour until the next poll, only what it is told of can reach it.
    refresh = Refresh(dsn, lambda: elsewhere.load(postgres.pool), poll_s=3_600)

    async with background(refresh.run()):
        await until(lambda: listening(postgres))
        made = await make(client)
        await until(lambda: finds(elsewhere, made["key"], True))
        await revoke(client, made)
        await until(lambda: finds(elsewhere, made["key"], False))


async def listening(postgres: Postgres) -> bool:
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN %' AND datname = current_database()"
    )
    return bool(await postgres.pool.fetchval(query))


async def finds(keyring: Keyring, key: str, wanted: bool) -> bool:  # noqa: FBT001 - it is what is waited for
    return (keyring.find(key) is not None) == wanted


async def test_pages_decide_with_a_new_key_until_it_is_revoked(
    edge: RunningEdge, new_site: SiteFactory
) -> None:
    shop: Shop = await edge.shop(new_site)
    made = (
        await edge.client.post(KEYS_URL, json={"kind": "public", "name": "pages"}, headers=shop.secret)
    ).json()
    headers = {"Authorization": f"Bearer {made['key']}"}

    async def answered(status: int) -> bool:
        return (await shop.decide(headers)).status_code == status

    await until(lambda: answered(200))
    await edge.client.delete(f"{KEYS_URL}/{made['id']}", headers=shop.secret)
    await until(lambda: answered(401))
