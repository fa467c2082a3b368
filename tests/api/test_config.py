from typing import Any

import pytest

from app.admin.config.examples import CONFIG
from app.storage.postgres import Postgres
from app.web.keyring import Role
from tests.api.answers import CONFIG_URL, REVISIONS_URL, document_of, replace, rules, said
from tests.api.conftest import AdminFactory
from tests.sites import SiteFactory

PLACES = ("added", "changed", "removed", "reordered")
SECRET = "not to be told to anybody"


async def test_a_new_site_has_an_empty_draft(admin: AdminFactory) -> None:
    response = await (await admin()).get(CONFIG_URL)
    assert (response.status_code, response.json()) == (200, {})
    assert response.headers["content-type"] == "application/json"


async def test_what_was_put_is_answered_and_what_was_left_out_is_not_in_it(admin: AdminFactory) -> None:
    client = await admin()
    assert (await client.put(CONFIG_URL, json=CONFIG)).status_code == 200
    assert await document_of(client) == CONFIG


async def test_each_list_keeps_its_order(admin: AdminFactory) -> None:
    client = await admin()
    await replace(client, rules("b", "a", "c"))
    assert [rule["key"] for rule in (await document_of(client))["rules"]] == ["b", "a", "c"]
    await replace(client, rules("c", "x", "a", "b"))
    assert [rule["key"] for rule in (await document_of(client))["rules"]] == ["c", "x", "a", "b"]


async def test_an_empty_list_is_the_same_as_none(admin: AdminFactory) -> None:
    client = await admin()
    await replace(client, {"site": {}, "rules": []})
    assert await document_of(client) == {"site": {}}


async def test_the_answer_says_what_changed(admin: AdminFactory) -> None:
    client = await admin()
    await replace(client, {"site": {}, **rules("a", "b")})
    after = {"site": {"timezone": "UTC"}, **rules("c", "a")}
    told = (await replace(client, after)).json()
    assert [told[places] for places in PLACES] == [["/rules/0"], ["/site"], ["/rules/1"], []]


async def test_a_dry_run_says_the_same_and_changes_nothing(admin: AdminFactory) -> None:
    client = await admin()
    await replace(client, rules("a", "b"))
    dry = await client.put(f"{CONFIG_URL}?dry_run=true", json=rules("b", "a", "c"))
    assert [dry.json()[places] for places in PLACES] == [["/rules/2"], [], [], ["/rules"]]
    assert await document_of(client) == rules("a", "b")
    assert (await replace(client, rules("b", "a", "c"))).json() == dry.json()


async def test_a_dry_run_minds_the_etag_it_is_given(admin: AdminFactory) -> None:
    client = await admin()
    await replace(client, rules("a"))
    said(await client.put(f"{CONFIG_URL}?dry_run=true", json={}, headers={"If-Match": '"old"'}), 412)


async def test_the_etag_of_an_answer_is_that_of_the_next_get(admin: AdminFactory) -> None:
    client = await admin()
    put = await replace(client, CONFIG)
    got = await client.get(CONFIG_URL)
    dry = await client.put(f"{CONFIG_URL}?dry_run=true", json={})
    assert put.headers["etag"] == got.headers["etag"] == dry.headers["etag"]


async def test_every_change_has_another_etag_and_the_way_back_the_first(admin: AdminFactory) -> None:
    client = await admin()
    etags = [(await replace(client, rules(*keys))).headers["etag"] for keys in ("ab", "ba", "a", "ab")]
    assert len(set(etags)) == 3
    assert etags[0] == etags[-1]


async def test_the_etag_that_was_read_lets_change(admin: AdminFactory) -> None:
    client = await admin()
    await replace(client, rules("a"))
    etag = (await client.get(CONFIG_URL)).headers["etag"]
    assert (await client.put(CONFIG_URL, json=rules("b"), headers={"If-Match": etag})).status_code == 200


async def test_a_stale_etag_changes_nothing_and_names_the_current_one(admin: AdminFactory) -> None:
    client = await admin()
    stale = (await replace(client, rules("a"))).headers["etag"]
    current = (await replace(client, rules("b"))).headers["etag"]
    response = await client.put(CONFIG_URL, json=rules("c"), headers={"If-Match": stale})
    said(response, 412)
    assert response.headers["etag"] == current
    assert await document_of(client) == rules("b")


async def test_a_change_without_an_etag_changes_nothing(admin: AdminFactory) -> None:
    client = await admin()
    await replace(client, rules("a"))
    said(await client.put(CONFIG_URL, json=rules("b")), 428)
    assert await document_of(client) == rules("a")


async def test_the_first_document_needs_no_etag_but_may_ask_to_be_first(admin: AdminFactory) -> None:
    client = await admin()
    first = {"If-None-Match": "*"}
    assert (await client.put(CONFIG_URL, json=rules("a"), headers=first)).status_code == 200
    said(await client.put(CONFIG_URL, json=rules("b"), headers=first), 412)
    assert await document_of(client) == rules("a")


async def test_what_stays_the_same_keeps_its_version(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres
) -> None:
    site = await new_site()
    client = await admin(site=site)
    await replace(client, rules("same", "other", "gone"))
    await replace(
        client,
        {
            **rules("new", "same"),
            "rules": [*rules("new", "same")["rules"], {**rules("other")["rules"][0], "note": "!"}],
        },
    )
    rows = await postgres.pool.fetch("SELECT key, version FROM drafts WHERE site_id = $1", site.site_id)
    assert {row["key"]: row["version"] for row in rows} == {"new": 1, "same": 1, "other": 2}


async def test_every_change_is_in_the_audit_with_before_and_after(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres
) -> None:
    site = await new_site()
    client = await admin(Role.EDITOR, site)
    await replace(client, {"site": {}, **rules("a")})
    await replace(client, {"site": {"timezone": "Europe/London"}})
    rows = await postgres.pool.fetch(
        "SELECT actor, action, target, before IS NULL, after::text FROM audit WHERE site_id = $1 ORDER BY id",
        site.site_id,
    )
    assert {row["actor"] for row in rows} == {"the editor"}
    assert [tuple(row)[1:4] for row in rows] == [
        ("added", "site", True),
        ("added", "rules/a", True),
        ("removed", "rules/a", False),
        ("changed", "site", False),
    ]
    assert [row["after"] for row in rows][2:] == [None, '{"timezone": "Europe/London"}']


async def test_another_order_is_in_the_audit_since_the_first_journey_may_be_the_primary_one(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres
) -> None:
    site = await new_site()
    client = await admin(site=site)
    journeys: list[dict[str, Any]] = [{"key": "purchase"}, {"key": "support"}]
    await replace(client, {"journeys": journeys})
    await replace(client, {"journeys": [*reversed(journeys), {"key": "new"}]})
    rows = await postgres.pool.fetch(
        "SELECT action, target, before::text, after::text FROM audit WHERE site_id = $1 ORDER BY id",
        site.site_id,
    )
    assert [tuple(row) for row in rows][3:] == [
        ("reordered", "journeys", '["purchase", "support"]', '["support", "purchase", "new"]')
    ]


async def test_the_identity_secret_is_kept_and_never_told(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres
) -> None:
    site = await new_site()
    client = await admin(site=site)
    put = await replace(client, {"site": {"timezone": "UTC", "identity_secret": SECRET}})
    await client.post(REVISIONS_URL, json={})
    assert put.json()["changed"] == ["/site/identity_secret"]
    kept = "SELECT identity_secret FROM sites WHERE id = $1"
    assert await postgres.pool.fetchval(kept, site.site_id) == SECRET
    told = [(await client.get(path)).text for path in (CONFIG_URL, f"{REVISIONS_URL}/1")]
    told += [
        str(row) for row in await postgres.pool.fetch("SELECT * FROM audit WHERE site_id = $1", site.site_id)
    ]
    assert not [text for text in told if SECRET in text]


@pytest.mark.parametrize("site_part", [{}, {"identity_secret": None}])
async def test_an_identity_secret_that_is_not_given_stays(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres, site_part: dict[str, Any]
) -> None:
    site = await new_site()
    client = await admin(site=site)
    kept = "SELECT identity_secret FROM sites WHERE id = $1"
    before = await postgres.pool.fetchval(kept, site.site_id)
    await replace(client, {"site": site_part})
    assert await postgres.pool.fetchval(kept, site.site_id) == before


async def test_a_dry_run_keeps_no_secret(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres
) -> None:
    site = await new_site()
    client = await admin(site=site)
    await client.put(f"{CONFIG_URL}?dry_run=true", json={"site": {"identity_secret": SECRET}})
    stored = await postgres.pool.fetchval("SELECT identity_secret FROM sites WHERE id = $1", site.site_id)
    assert stored != SECRET


async def test_who_may_not_publish_sets_no_secret_and_changes_nothing_with_it(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres
) -> None:
    site = await new_site()
    editor, publisher = await admin(Role.EDITOR, site), await admin(Role.PUBLISHER, site)
    told = {"site": {"timezone": "Europe/Paris", "identity_secret": SECRET}}
    kept = "SELECT identity_secret FROM sites WHERE id = $1"
    refused = said(await editor.put(CONFIG_URL, json=told), 403)
    assert refused["detail"] == (
        "identity_secret, which is in force at once, needs the role publisher; the key 'the editor' has less"
    )
    assert (await editor.get(CONFIG_URL)).json() == {}
    assert await postgres.pool.fetchval(kept, site.site_id) != SECRET
    await replace(editor, {"site": {"identity_secret": None}})
    await replace(publisher, told)
    assert await postgres.pool.fetchval(kept, site.site_id) == SECRET


async def test_numbers_come_back_as_they_went_in(admin: AdminFactory) -> None:
    client = await admin()
    content = [0, -1, 1.5, 1.0, 2**70, 1e22, 5e-324, True, None]
    placements = [{"key": "p", "variants": [{"key": "v", "content": content}]}]
    await replace(client, {"placements": placements})
    answered = (await document_of(client))["placements"][0]["variants"][0]["content"]
    assert answered == content
    assert [type(value) for value in answered][:4] == [int, int, float, float]


async def test_ten_thousand_rules_fit(admin: AdminFactory) -> None:
    client = await admin()
    document = rules(*(f"r{i}" for i in range(10_000)))
    await replace(client, document)
    assert await document_of(client) == document
