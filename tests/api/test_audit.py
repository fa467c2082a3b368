"""Who changed what, read page by page and exported whole."""

import asyncio
import csv
import io
import json
import tracemalloc
from collections.abc import MutableMapping
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from app.admin.trail import service
from app.admin.trail.schemas import AuditFormat, Query
from app.storage.postgres import Postgres
from app.web.keyring import Caller, Role
from tests.api.answers import CONFIG_URL, pointers, publish, replace, rules, said
from tests.api.conftest import AdminFactory
from tests.sites import SiteFactory

AUDIT_URL = "/api/v1/audit"
COLUMNS = ["id", "at", "actor", "key_id", "request_id", "action", "target", "before", "after"]


async def entries(client: AsyncClient, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (
        (await client.get(AUDIT_URL, params=query)).raise_for_status().json()["items"]
    )
    return found


async def done(client: AsyncClient, **query: Any) -> list[str]:
    return [f"{entry['action']} {entry['target']}" for entry in await entries(client, **query)]


async def fill(postgres: Postgres, site: int, count: int, *, size: int = 0) -> None:
    """Write entries with documents of a size, the number of each in it."""
    await postgres.pool.execute(
        "INSERT INTO audit (site_id, actor, action, target, after)"
        " SELECT $1, 'a CMS', 'added', 'rules/r' || n, jsonb_build_object('n', n, 'text', repeat('x', $3))"
        " FROM generate_series(1, $2) AS n",
        site,
        count,
        size,
    )


async def test_an_entry_says_who_by_which_key_and_request_and_from_what_to_what(
    admin: AdminFactory,
) -> None:
    client = await admin()
    await replace(client, {"site": {"timezone": "UTC"}})
    headers = {"If-Match": "*", "X-Request-Id": "deploy-17"}
    await client.put(CONFIG_URL, json={"site": {"timezone": "Europe/London"}}, headers=headers)
    (key,) = [k for k in (await client.get("/api/v1/keys")).json()["items"] if k["role"] == "admin"]

    entry = (await entries(client))[0]

    assert {name: entry[name] for name in COLUMNS if name not in {"id", "at"}} == {
        "actor": "first secret key",
        "key_id": key["id"],
        "request_id": "deploy-17",
        "action": "changed",
        "target": "site",
        "before": {"timezone": "UTC"},
        "after": {"timezone": "Europe/London"},
    }
    assert entry["at"].endswith("Z")


async def test_a_request_without_an_id_gets_one_that_is_found_again(admin: AdminFactory) -> None:
    client = await admin()
    response = await replace(client, {"site": {}})
    assert [entry["request_id"] for entry in await entries(client)] == [response.headers["x-request-id"]]


async def test_entries_come_newest_first_in_pages(admin: AdminFactory) -> None:
    client = await admin()
    await replace(client, rules(*"abcde"))
    first = (await client.get(AUDIT_URL, params={"limit": 3})).json()
    rest = (await client.get(AUDIT_URL, params={"limit": 3, "cursor": first["next_cursor"]})).json()
    assert [entry["target"][-1] for entry in (*first["items"], *rest["items"])] == [*"edcba"]
    assert rest["next_cursor"] is None


async def test_entries_are_found_by_actor_action_target_and_time(
    admin: AdminFactory, new_site: SiteFactory
) -> None:
    site = await new_site()
    client, editor = await admin(site=site), await admin(Role.EDITOR, site)
    await publish(client, {"site": {}})
    await replace(editor, {"site": {}, **rules("a", "a_b", "b")})
    published = (await entries(client, action="published"))[0]
    (key,) = [k for k in (await client.get("/api/v1/keys")).json()["items"] if k["role"] == "editor"]
    everything = await done(client)

    assert everything == [
        "added rules/b",
        "added rules/a_b",
        "added rules/a",
        "published revisions/1",
        "added site",
    ]
    assert await done(client, actor="the editor") == everything[:3]
    assert await done(client, actor=key["id"]) == everything[:3]
    assert await done(client, action="added", target="rules/a") == everything[1:3]
    assert await done(client, target="rules/a_") == ["added rules/a_b"]
    assert await done(client, target="rules/%") == []
    assert await done(client, since=published["at"]) == everything[:4]
    assert await done(client, until=published["at"]) == everything[4:]
    assert await done(client, since=published["at"], until=published["at"]) == []


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("since=yesterday", "query:since"),
        ("until=2026-11-21", "query:until"),
        ("since=0001-01-01T00:00:00%2B14:00", "query:since"),
        ("until=9999-12-31T23:59:59-14:00", "query:until"),
        ("cursor=eyJpZCI6MTE4MDU5MTYyMDcxNzQxMTMwMzQyNH0%3D", "query:cursor"),
        ("format=xml", "query:format"),
        ("limit=201", "query:limit"),
        ("cursor=garbage", "query:cursor"),
        ("actors=me", "query:actors"),
        ("target=%00", "query:target"),
    ],
)
async def test_a_wrong_question_is_named(admin: AdminFactory, query: str, place: str) -> None:
    assert pointers(await (await admin()).get(f"{AUDIT_URL}?{query}")) == [place]


async def test_the_audit_is_for_admins(admin: AdminFactory, new_site: SiteFactory) -> None:
    site = await new_site()
    for role in (Role.VIEWER, Role.EDITOR, Role.PUBLISHER):
        said(await (await admin(role, site)).get(AUDIT_URL), 403)
        said(await (await admin(role, site)).get(f"{AUDIT_URL}?format=csv"), 403)
    assert (await (await admin(Role.ADMIN, site)).get(AUDIT_URL)).status_code == 200


@pytest.mark.parametrize("written", ["json", "csv", "ndjson"])
async def test_a_site_sees_its_own_entries_alone(admin: AdminFactory, written: str) -> None:
    ours, theirs = await admin(), await admin()
    await replace(ours, rules("of-ours"))
    assert "of-ours" in (await ours.get(AUDIT_URL, params={"format": written})).text
    assert "of-ours" not in (await theirs.get(AUDIT_URL, params={"format": written})).text


async def test_a_secret_that_is_set_is_in_no_entry(admin: AdminFactory) -> None:
    client = await admin()
    await replace(client, {"site": {"identity_secret": "the-one-that-nobody-knows-123456"}})
    assert await done(client) == ["changed site/identity_secret", "added site"]
    for written in ("json", "csv", "ndjson"):
        assert "nobody-knows" not in (await client.get(AUDIT_URL, params={"format": written})).text


async def test_lines_of_json_say_what_pages_say(admin: AdminFactory) -> None:
    client = await admin()
    await replace(client, rules(*"abc"))
    response = await client.get(AUDIT_URL, params={"format": "ndjson"})
    assert response.headers["content-type"] == "application/x-ndjson"
    assert response.headers["content-disposition"] == 'attachment; filename="audit.ndjson"'
    assert [json.loads(line) for line in response.text.splitlines()] == await entries(client)
    assert len((await client.get(f"{AUDIT_URL}?format=ndjson&target=rules/b")).text.splitlines()) == 1


async def test_a_sheet_has_a_head_and_no_formula(admin: AdminFactory) -> None:
    client = await admin()
    headers = {"If-Match": "*", "X-Request-Id": "=HYPERLINK(1)"}
    await client.put(CONFIG_URL, json={"site": {"timezone": "UTC"}}, headers=headers)
    response = await client.get(AUDIT_URL, params={"format": "csv"})
    head, row = list(csv.reader(io.StringIO(response.text)))

    assert response.headers["content-type"].startswith("text/csv")
    assert head == COLUMNS
    told = dict(zip(head, row, strict=True))
    assert told["request_id"] == "'=HYPERLINK(1)"
    assert (told["before"], json.loads(told["after"])) == ("", {"timezone": "UTC"})
    assert (await entries(client))[0]["at"] == told["at"]


async def test_an_empty_audit_is_a_head_and_nothing(admin: AdminFactory) -> None:
    client = await admin()
    assert (await client.get(f"{AUDIT_URL}?format=csv")).text == ",".join(COLUMNS) + "\r\n"
    assert (await client.get(f"{AUDIT_URL}?format=ndjson")).text == ""


async def test_ten_thousand_entries_are_exported_in_little_memory(
    admin: AdminFactory, admin_app: FastAPI, new_site: SiteFactory, postgres: Postgres
) -> None:
    site = await new_site()
    client = await admin(site=site)
    await fill(postgres, site.site_id, 10_000, size=3_000)
    lines, largest, total = 0, 0, 0

    async def send(message: MutableMapping[str, Any]) -> None:
        nonlocal lines, largest, total
        body = message.get("body", b"")
        lines, total, largest = lines + body.count(b"\n"), total + len(body), max(largest, len(body))

    request = client.build_request("GET", AUDIT_URL, params={"format": "ndjson"})
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    await admin_app(scope_of(request), waiting, send)
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()

    assert lines == 10_000
    assert total > 30_000_000
    assert largest < 2 * service.AT_ONCE_BYTES
    assert peak < 8_000_000


def scope_of(request: httpx.Request) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "path": request.url.path,
        "raw_path": request.url.raw_path,
        "query_string": request.url.query,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": "http",
        "server": ("admin", 80),
        "client": ("127.0.0.1", 1),
    }


async def waiting() -> MutableMapping[str, Any]:
    """A client that sends nothing more and stays."""
    await asyncio.Event().wait()
    raise AssertionError


async def test_large_entries_come_one_by_one(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = await new_site()
    await fill(postgres, site.site_id, 7, size=100)
    monkeypatch.setattr(service, "AT_ONCE_BYTES", 1)
    lines = (await (await admin(site=site)).get(f"{AUDIT_URL}?format=ndjson")).text.splitlines()
    assert [json.loads(line)["after"]["n"] for line in lines] == [7, 6, 5, 4, 3, 2, 1]


async def test_what_is_added_meanwhile_is_not_in_an_export(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres
) -> None:
    site = await new_site()
    client = await admin(site=site)
    await fill(postgres, site.site_id, 2 * service.AT_ONCE)
    query = Query.model_validate({"format": AuditFormat.NDJSON})
    caller = Caller(site.site_id, "k", "secret", Role.ADMIN, "an admin")
    async with postgres.engine.connect() as connection:
        first = await service.first_of(connection, caller, query)
    pieces = service.export(postgres.engine, caller, query, first)
    told = await anext(pieces)
    await replace(client, {"site": {}})
    told += b"".join([piece async for piece in pieces])
    assert told.count(b"\n") == 2 * service.AT_ONCE
    assert b'"target":"site"' not in told


async def test_the_database_refuses_to_change_or_remove_an_entry(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres
) -> None:
    site = await new_site()
    client = await admin(site=site)
    await replace(client, {"site": {}})
    kept = await entries(client)
    for change in ("UPDATE audit SET actor = 'nobody'", "DELETE FROM audit", "TRUNCATE audit"):
        for role in ("origin", "replica"):
            async with postgres.pool.acquire() as connection, connection.transaction():
                await connection.execute(f"SET LOCAL session_replication_role = {role}")
                with pytest.raises(asyncpg.RestrictViolationError, match="audit is immutable"):
                    async with connection.transaction():
                        await connection.execute(change)
    assert await entries(client) == kept
