"""Lists of resources: pages, filters and orders."""

import base64
from typing import Any

import msgspec
import pytest
from httpx import AsyncClient

from app.storage.postgres import Postgres
from tests.api.answers import pointers, replace
from tests.api.conftest import AdminFactory
from tests.api.resources import API, keys_of, made, matching
from tests.sites import SiteFactory


def rule(key: str, **said: Any) -> dict[str, Any]:
    return {"key": key, "placements": ["p"], "deliver": {"variant": "v"}, **said}


async def all_pages(client: AsyncClient, path: str, limit: int, **query: str) -> list[str]:
    """Follow the cursors to the end."""
    keys: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await client.get(f"{API}/{path}", params={**query, **cursor, "limit": limit})
        assert page.status_code == 200, page.text
        keys += [item["key"] for item in page.json()["items"]]
        if page.json()["next_cursor"] is None:
            return keys
        cursor = {"cursor": page.json()["next_cursor"]}


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("position", "dbaec"),
        ("-position", "ceabd"),
        ("key", "abcde"),
        ("-key", "edcba"),
        ("updated_at", "dbaec"),
        ("-updated_at", "ceabd"),
        ("priority", "cadeb"),
        ("-priority", "bedac"),
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 5])
async def test_pages_follow_each_other_in_every_order(
    admin: AdminFactory, sort: str, expected: str, limit: int
) -> None:
    client = await admin()
    priorities = {"d": {}, "b": {"priority": 999}, "a": {"priority": 7}, "e": {"priority": 500}}
    for key, said in {**priorities, "c": {"priority": 0}}.items():
        await made(client, "rules", rule(key, **said))
    assert "".join(await all_pages(client, "rules", limit, sort=sort)) == expected


async def test_what_changed_last_is_the_last_by_that_order(admin: AdminFactory) -> None:
    client = await admin()
    for key in "abc":
        await made(client, "segments", {"key": key, "condition": {}})
    await client.patch(f"{API}/segments/b", json={"condition": {"traits.a": 1}}, headers={"If-Match": "*"})
    assert await keys_of(client, "segments", sort="-updated_at") == ["b", "c", "a"]


@pytest.mark.parametrize(("sort", "expected"), [("position", "cab"), ("-key", "cba"), ("key", "abc")])
async def test_variants_are_listed_like_all_others(admin: AdminFactory, sort: str, expected: str) -> None:
    client = await admin()
    variants = [{"key": key, "content": f"Content of {key.upper()}"} for key in "cab"]
    await made(client, "placements", {"key": "p", "variants": variants})
    await made(client, "placements", {"key": "q", "variants": [{"key": "z"}]})
    assert "".join(await all_pages(client, "placements/p/variants", 1, sort=sort)) == expected
    assert await keys_of(client, "placements/p/variants", q="of b") == ["b"]
    assert await keys_of(client, "placements/q/variants") == ["z"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SPRING", "ad"),
        ("straße", "b"),
        ("100%", "c"),
        ('"quoted"', "c"),
        ("sale", "a"),
        ("priority", ""),
        ("\\\\", ""),
        ("vip", "c"),
        ("two\nLINES", "d"),
        ("a\\b", "d"),
        ("\x1f", "d"),
    ],
)
async def test_a_text_is_found_in_the_key_and_in_any_text(
    admin: AdminFactory, text: str, expected: str
) -> None:
    client = await admin()
    await made(client, "rules", rule("a", note="The spring sale"))
    await made(client, "rules", rule("b", note="An der STRASSE und der Straße", priority=3))
    await made(client, "rules", rule("c", note='100% "quoted"', audience={"segments": ["vip"]}))
    condition = {"traits.x": {"$in": ["Spring"]}}
    await made(client, "rules", rule("d", audience={"condition": condition}, note="Two\nlines, a\\b, \x1f"))
    assert await keys_of(client, "rules", q=text) == [*expected]


async def test_rules_are_filtered_by_whether_they_are_enabled(admin: AdminFactory) -> None:
    client = await admin()
    for key, said in {"a": {}, "b": {"enabled": False}, "c": {"enabled": True}}.items():
        await made(client, "rules", rule(key, **said))
    assert await keys_of(client, "rules", status="enabled") == ["a", "c"]
    assert await keys_of(client, "rules", status="disabled") == ["b"]
    assert await keys_of(client, "rules", status="enabled", q="c") == ["c"]


async def test_experiments_are_filtered_by_their_status(admin: AdminFactory) -> None:
    client = await admin()
    for key, said in {"a": {}, "b": {"status": "running"}, "c": {"status": "draft"}}.items():
        await made(client, "experiments", {"key": key, "arms": [{"key": "x"}], **said})
    assert await keys_of(client, "experiments", status="draft") == ["a", "c"]
    assert await keys_of(client, "experiments", status="running") == ["b"]
    assert await keys_of(client, "experiments", status="archived") == []


def cursor(place: object) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode()


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("sort=name", "query:sort"),
        ("sort=position,key", "query:sort"),
        ("status=paused", "query:status"),
        ("q=", "query:q"),
        ("q=%00", "query:q"),
        ("limit=0", "query:limit"),
        ("cursor=x", "query:cursor"),
        (f"cursor={cursor([-1, 'a'])}", "query:cursor"),
        (f"cursor={cursor([2**31, 'a'])}", "query:cursor"),
        (f"cursor={cursor([1, 'a' + chr(0)])}", "query:cursor"),
        (f"cursor={cursor(['a', 'a'])}", "query:cursor"),
        (f"sort=key&cursor={cursor([1, 'a'])}", "query:cursor"),
        (f"sort=updated_at&cursor={cursor(['2026-11-22T00:00:00', 'a'])}", "query:cursor"),
        (f"sort=updated_at&cursor={cursor(['9999-12-31T23:59:59-14:00', 'a'])}", "query:cursor"),
        (f"sort=updated_at&cursor={cursor([2**63, 'a'])}", "query:cursor"),
    ],
)
async def test_what_cannot_be_asked_for_is_named(admin: AdminFactory, query: str, place: str) -> None:
    assert pointers(await (await admin()).get(f"{API}/rules?{query}")) == [place]


async def test_only_rules_have_a_priority(admin: AdminFactory) -> None:
    assert pointers(await (await admin()).get(f"{API}/segments?sort=priority")) == ["query:sort"]


async def test_order_survives_gaps_and_two_in_one_place(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres
) -> None:
    site = await new_site()
    client = await admin(site=site)
    for key in "abcdef":
        await made(client, "segments", {"key": key, "condition": {}})
    for key in "bd":
        await client.delete(f"{API}/segments/{key}", headers={"If-Match": "*"})
    # As of two that were made at once.
    await postgres.pool.execute(
        "UPDATE drafts SET position = 5 WHERE site_id = $1 AND key IN ('e', 'f')", site.site_id
    )
    assert await keys_of(client, "segments") == ["a", "c", "e", "f"]
    etag = matching(await client.get(f"{API}/config"))
    segments = [{"key": key, "condition": {}} for key in "acxfe"]
    changed = await client.put(f"{API}/config", json={"segments": segments}, headers=etag)
    assert changed.json() | {"details": None} == {
        "added": ["/segments/2"],
        "changed": [],
        "removed": [],
        "reordered": ["/segments"],
        "details": None,
    }
    assert await keys_of(client, "segments") == ["a", "c", "x", "f", "e"]
    await made(client, "segments", {"key": "b", "condition": {}})
    assert await keys_of(client, "segments") == ["a", "c", "x", "f", "e", "b"]


async def test_one_of_ten_thousand_is_put_behind_them_and_leaves_them_alone(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres
) -> None:
    site = await new_site()
    client = await admin(site=site)
    await replace(client, {"rules": [rule(f"r{n:05}") for n in range(10_000)]})
    await made(client, "rules", rule("one-more"))
    await client.patch(f"{API}/rules/r05000", json={"note": "changed"}, headers={"If-Match": "*"})
    rows = await postgres.pool.fetch(
        "SELECT key, position, version FROM drafts WHERE site_id = $1 AND (version > 1 OR position > 9998)",
        site.site_id,
    )
    assert {tuple(row) for row in rows} == {
        ("r09999", 9_999, 1),
        ("one-more", 10_000, 1),
        ("r05000", 5_000, 2),
    }
    assert await keys_of(client, "rules", sort="-position", limit=2) == ["one-more", "r09999"]
