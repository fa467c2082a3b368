import asyncpg
import pytest
from httpx import AsyncClient

from app.storage.postgres import Postgres
from app.web.keyring import Role
from app.web.paging import cursor_of
from tests.api.answers import (
    CONFIG_URL,
    REVISIONS_URL,
    document_of,
    experiment,
    pointers,
    publish,
    replace,
    said,
)
from tests.api.conftest import AdminFactory
from tests.sites import SiteFactory


async def numbers(client: AsyncClient) -> list[int]:
    return [item["number"] for item in (await client.get(REVISIONS_URL)).json()["items"]]


async def test_the_list_is_newest_first_and_comes_in_pages(admin: AdminFactory) -> None:
    client = await admin()
    for comment in "abcde":
        await publish(client, {}, comment)
    first = (await client.get(f"{REVISIONS_URL}?limit=2")).json()
    assert [(item["number"], item["comment"]) for item in first["items"]] == [(5, "e"), (4, "d")]
    assert "document" not in first["items"][0]
    second = (await client.get(REVISIONS_URL, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    last = (await client.get(REVISIONS_URL, params={"limit": 2, "cursor": second["next_cursor"]})).json()
    assert [item["number"] for item in second["items"]] == [3, 2]
    assert [item["number"] for item in last["items"]] == [1]
    assert last["next_cursor"] is None


async def test_a_page_that_just_fits_is_the_last(admin: AdminFactory) -> None:
    client = await admin()
    await publish(client, {})
    assert (await client.get(f"{REVISIONS_URL}?limit=1")).json()["next_cursor"] is None


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=x",
        "cursor=garbage",
        *(f"cursor={cursor_of(n)}" for n in (0, 2**31, 2**70)),
    ],
)
async def test_a_wrong_page_is_named(admin: AdminFactory, query: str) -> None:
    assert pointers(await (await admin()).get(f"{REVISIONS_URL}?{query}")) == [
        f"query:{query.partition('=')[0]}"
    ]


async def test_a_revision_can_be_compared_with_any_other(admin: AdminFactory) -> None:
    client = await admin()
    await publish(client, {"site": {}})
    await publish(client, {"site": {"timezone": "UTC"}})
    await publish(client, {"site": {}, "segments": [{"key": "s", "condition": {}}]})
    diff = (await client.get(f"{REVISIONS_URL}/3/diff")).json()
    told = {name: diff[name] for name in ("added", "changed", "removed", "reordered")}
    assert told == {"added": ["/segments/0"], "changed": ["/site"], "removed": [], "reordered": []}
    assert (await client.get(f"{REVISIONS_URL}/3/diff?against=1")).json()["changed"] == []
    assert (await client.get(f"{REVISIONS_URL}/1/diff?against=3")).json()["removed"] == ["/segments/0"]
    assert (await client.get(f"{REVISIONS_URL}/1/diff")).json()["added"] == ["/site"]


async def test_a_restored_revision_is_the_draft_again_and_can_be_published(admin: AdminFactory) -> None:
    client = await admin()
    await publish(client, experiment("new"))
    await publish(client, experiment("newer"))
    etag = (await client.get(CONFIG_URL)).headers["etag"]
    response = await client.post(f"{REVISIONS_URL}/1/restore", headers={"If-Match": etag})
    assert response.json()["changed"] == ["/placements/0"]
    restored = await client.get(CONFIG_URL)
    assert restored.json() == experiment("new")
    assert restored.headers["etag"] == response.headers["etag"]
    assert (await client.post(REVISIONS_URL, json={})).json()["number"] == 3


async def test_restoring_needs_the_etag_of_the_draft(admin: AdminFactory) -> None:
    client = await admin()
    await publish(client, experiment("new"))
    await replace(client, experiment("newer"))
    said(await client.post(f"{REVISIONS_URL}/1/restore"), 428)
    said(await client.post(f"{REVISIONS_URL}/1/restore", headers={"If-Match": '"1"'}), 412)
    assert await document_of(client) == experiment("newer")


async def test_restoring_and_publishing_are_in_the_audit(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres
) -> None:
    site = await new_site()
    client = await admin(site=site)
    await publish(client, {"site": {}})
    await client.post(f"{REVISIONS_URL}/1/restore", headers={"If-Match": "*"})
    rows = await postgres.pool.fetch(
        "SELECT action, target FROM audit WHERE site_id = $1 ORDER BY id", site.site_id
    )
    assert [tuple(row) for row in rows] == [
        ("added", "site"),
        ("published", "revisions/1"),
        ("restored", "revisions/1"),
    ]


@pytest.mark.parametrize("path", ["/1", "/1/diff", "/2147483647"])
async def test_a_revision_that_is_not_there_is_not_found(admin: AdminFactory, path: str) -> None:
    said(await (await admin()).get(REVISIONS_URL + path), 404)


async def test_what_is_not_there_cannot_be_restored_or_compared_with(admin: AdminFactory) -> None:
    client = await admin()
    await publish(client, {})
    said(await client.post(f"{REVISIONS_URL}/2/restore", headers={"If-Match": "*"}), 404)
    said(await client.get(f"{REVISIONS_URL}/1/diff?against=2"), 404)


@pytest.mark.parametrize("number", ["0", "-1", "x", "2147483648"])
async def test_what_is_no_number_of_a_revision_is_named(admin: AdminFactory, number: str) -> None:
    assert pointers(await (await admin()).get(f"{REVISIONS_URL}/{number}")) == ["path:number"]


@pytest.mark.parametrize(
    ("role", "publishing", "restoring"),
    [(Role.VIEWER, 403, 403), (Role.EDITOR, 403, 200), (Role.PUBLISHER, 201, 200), (Role.ADMIN, 201, 200)],
)
async def test_a_publisher_publishes_and_an_editor_restores(
    admin: AdminFactory, new_site: SiteFactory, role: Role, publishing: int, restoring: int
) -> None:
    site = await new_site()
    await publish(await admin(site=site), {"site": {}})
    client = await admin(role, site)
    for path in (REVISIONS_URL, f"{REVISIONS_URL}/1", f"{REVISIONS_URL}/1/diff"):
        assert (await client.get(path)).status_code == 200
    assert (await client.post(REVISIONS_URL, json={})).status_code == publishing
    restored = await client.post(f"{REVISIONS_URL}/1/restore", headers={"If-Match": "*"})
    assert restored.status_code == restoring


async def test_two_sites_count_and_see_their_own_revisions(admin: AdminFactory) -> None:
    ours, theirs = await admin(), await admin()
    await publish(ours, {"site": {}}, "ours")
    await publish(ours, {"site": {}}, "ours again")
    await publish(theirs, {"site": {}}, "theirs")
    assert (await numbers(ours), await numbers(theirs)) == ([2, 1], [1])
    said(await theirs.get(f"{REVISIONS_URL}/2"), 404)
    said(await theirs.post(f"{REVISIONS_URL}/2/restore", headers={"If-Match": "*"}), 404)
    assert (await theirs.get(f"{REVISIONS_URL}/1")).json()["comment"] == "theirs"


async def test_no_row_of_a_revision_can_be_changed_in_the_database(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres
) -> None:
    site = await new_site()
    await publish(await admin(site=site), {})
    for change in ("UPDATE revisions SET comment = 'x'", "DELETE FROM revisions"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await postgres.pool.execute(f"{change} WHERE site_id = $1", site.site_id)
