"""JSON merge patches of resources, and of the two that each site has one of."""

from typing import Any

import pytest

from app.storage.postgres import Postgres
from app.web.keyring import Role
from tests.api.answers import CONFIG_URL, document_of, pointers, said
from tests.api.conftest import AdminFactory
from tests.api.resources import API, made, matching
from tests.sites import SiteFactory

SECRET = "not to be told to anybody"
RULE: dict[str, Any] = {
    "key": "r",
    "placements": ["p", "q"],
    "deliver": {"variant": "v"},
    "audience": {"segments": ["a", "b"], "condition": {"traits.x": 1, "traits.y": 2}},
    "note": "old",
}


@pytest.mark.parametrize("kind", ["application/merge-patch+json", "application/json"])
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, RULE),
        ({"note": None}, {name: value for name, value in RULE.items() if name != "note"}),
        ({"owner": None, "note": "new"}, {**RULE, "note": "new"}),
        ({"placements": ["z"]}, {**RULE, "placements": ["z"]}),
        (
            {"audience": {"segments": None}},
            {**RULE, "audience": {"condition": RULE["audience"]["condition"]}},
        ),
        (
            {"audience": {"condition": {"traits.x": None, "traits.z": {"$gt": 3}}}},
            {
                **RULE,
                "audience": {"segments": ["a", "b"], "condition": {"traits.y": 2, "traits.z": {"$gt": 3}}},
            },
        ),
        ({"deliver": {"variant": None, "experiment": "e"}}, {**RULE, "deliver": {"experiment": "e"}}),
        ({"cap": {"count": 3, "per_days": None}}, {**RULE, "cap": {"count": 3}}),
    ],
)
async def test_a_patch_is_merged(
    admin: AdminFactory, kind: str, change: dict[str, Any], expected: dict[str, Any]
) -> None:
    client = await admin()
    headers = {**matching(await made(client, "rules", RULE)), "Content-Type": kind}
    answer = await client.request("PATCH", f"{API}/rules/r", json=change, headers=headers)
    assert (answer.status_code, answer.json()) == (200, expected)
    assert (await client.get(f"{API}/rules/r")).headers["etag"] == answer.headers["etag"]
    assert (answer.json() == RULE) == (answer.headers["etag"] == headers["If-Match"])


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"placements": None}, "/placements"),
        ({"placements": []}, "/placements"),
        ({"cap": {"per_days": 3}}, "/cap/count"),
        ({"audience": "all"}, "/audience"),
        ({"audience": {"condition": {"traits.x": {"$gtt": 1}}}}, "/audience/condition/traits.x/$gtt"),
        ({"phase": 2}, "/phase"),
        ({"phase": None}, "/phase"),
        ({"audience": {"segment": None}}, "/audience/segment"),
        ({"audience": {"segment": None, "condition": {"traits.x": {"$gtt": 1}}}}, "/audience/segment"),
        ({"schedule": {"windows": [], "start_at": None}}, "/schedule/start_at"),
        ({"note": "x\x00"}, "/note"),
    ],
)
async def test_what_a_patch_would_break_is_named_and_nothing_changes(
    admin: AdminFactory, change: dict[str, Any], place: str
) -> None:
    client = await admin()
    etag = matching(await made(client, "rules", RULE))
    assert pointers(await client.patch(f"{API}/rules/r", json=change, headers=etag)) == [place]
    assert (await client.get(f"{API}/rules/r")).json() == RULE


@pytest.mark.parametrize("change", [b"[]", b"null", b'"x"', b"7", b'[{"op": "remove", "path": "/note"}]'])
async def test_a_patch_that_is_no_object_is_wrong(admin: AdminFactory, change: bytes) -> None:
    client = await admin()
    headers = {**matching(await made(client, "rules", RULE)), "Content-Type": "application/json"}
    assert pointers(await client.patch(f"{API}/rules/r", content=change, headers=headers)) == [""]


async def test_nulls_in_an_array_are_values(admin: AdminFactory) -> None:
    client = await admin()
    etag = matching(await made(client, "experiments", {"key": "e", "arms": [{"key": "a"}]}))
    change = {"arms": [{"key": "a", "variants": {"p": None}}], "salt": None}
    answer = await client.patch(f"{API}/experiments/e", json=change, headers=etag)
    assert answer.json() == {"key": "e", "arms": [{"key": "a", "variants": {"p": None}}]}


@pytest.mark.parametrize(
    ("path", "first", "second"),
    [
        ("site", {"timezone": "Europe/London", "consent": {"analytics": "denied"}}, {"consent": None}),
        ("holdout", {"percent": 5, "metrics": ["m"]}, {"percent": 10, "metrics": None}),
    ],
)
async def test_what_each_site_has_one_of_is_there_from_the_start(
    admin: AdminFactory, path: str, first: dict[str, Any], second: dict[str, Any]
) -> None:
    client = await admin(Role.EDITOR)
    url = f"{API}/{path}"
    empty = await client.get(url)
    assert (empty.status_code, empty.json()) == (200, {})
    made_so = await client.patch(url, json=first, headers=matching(empty))
    assert (made_so.status_code, made_so.json()) == (200, first)
    said(await client.patch(url, json=second), 428)
    said(await client.patch(url, json=second, headers=matching(empty)), 412)
    changed = await client.patch(url, json=second, headers=matching(made_so))
    expected = {name: value for name, value in {**first, **second}.items() if value is not None}
    assert changed.json() == (await client.get(url)).json() == expected
    assert (await document_of(client))[path] == expected
    for refused in (await client.put(url, json=first), await client.delete(url)):
        said(refused, 405)


async def test_what_is_wrong_with_the_site_is_named(admin: AdminFactory) -> None:
    client = await admin()
    answer = await client.patch(f"{API}/site", json={"timezon": "UTC", "expos": None})
    assert pointers(answer) == ["/timezon", "/expos"]
    assert "did you mean timezone?" in answer.text
    wrong = {"timezone": 7, "expose": ["all"], "consent": {"analytic": "denied"}}
    answer = await client.patch(f"{API}/site", json=wrong)
    assert pointers(answer) == ["/timezone", "/consent/analytic", "/expose/0"]
    assert "did you mean analytics?" in answer.text


async def test_the_identity_secret_is_written_and_never_read(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres
) -> None:
    site = await new_site()
    client = await admin(site=site)
    answer = await client.patch(f"{API}/site", json={"timezone": "UTC", "identity_secret": SECRET})
    assert answer.json() == {"timezone": "UTC"}
    stored = "SELECT identity_secret FROM sites WHERE id = $1"
    assert await postgres.pool.fetchval(stored, site.site_id) == SECRET
    same = await client.patch(f"{API}/site", json={"identity_secret": None}, headers=matching(answer))
    assert same.headers["etag"] == answer.headers["etag"]
    assert await postgres.pool.fetchval(stored, site.site_id) == SECRET
    rows = await postgres.pool.fetch("SELECT * FROM audit WHERE site_id = $1 ORDER BY id", site.site_id)
    assert [row["target"] for row in rows] == ["site", "site/identity_secret"]
    told = [(await client.get(url)).text for url in (f"{API}/site", CONFIG_URL)] + [str(row) for row in rows]
    assert not [text for text in told if SECRET in text]


async def test_who_may_not_publish_sets_no_identity_secret(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres
) -> None:
    site = await new_site()
    editor, publisher = await admin(Role.EDITOR, site), await admin(Role.PUBLISHER, site)
    change = {"timezone": "UTC", "identity_secret": SECRET}
    assert "needs the role publisher" in said(await editor.patch(f"{API}/site", json=change), 403)["detail"]
    assert (await editor.get(f"{API}/site")).json() == {}
    stored = "SELECT identity_secret FROM sites WHERE id = $1"
    assert await postgres.pool.fetchval(stored, site.site_id) != SECRET
    assert (await publisher.patch(f"{API}/site", json=change)).status_code == 200
    assert await postgres.pool.fetchval(stored, site.site_id) == SECRET


async def test_a_secret_that_is_too_short_is_not_kept(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres
) -> None:
    site = await new_site()
    client = await admin(site=site)
    assert pointers(await client.patch(f"{API}/site", json={"identity_secret": "x"})) == ["/identity_secret"]
    stored = "SELECT identity_secret FROM sites WHERE id = $1"
    assert await postgres.pool.fetchval(stored, site.site_id) != "x"
