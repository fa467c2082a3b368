"""Publishing at an instant."""

from datetime import timedelta
from typing import Any

import pytest

from app.kit.clock import now
from app.storage.postgres import Postgres
from app.web.keyring import Role
from tests.api.answers import REVISIONS_URL, document_of, experiment, pointers, publish, replace, said
from tests.api.conftest import AdminFactory
from tests.api.scheduling import SCHEDULED_URL, become_of, is_due, publish_due, schedule
from tests.sites import SiteFactory

UTC, PARIS, ROME = ({"site": {"timezone": zone}} for zone in ("UTC", "Europe/Paris", "Europe/Rome"))


async def test_scheduling_answers_what_waits(admin: AdminFactory) -> None:
    client = await admin(Role.PUBLISHER)
    at = now() + timedelta(days=1)
    response = await client.post(REVISIONS_URL, json={"comment": "spring", "publish_at": at.isoformat()})
    made = response.json()
    assert response.status_code == 202
    assert response.headers["location"] == f"{SCHEDULED_URL}/{made['id']}"
    assert made["publish_at"] == at.isoformat().replace("+00:00", "Z")
    told = {name: made[name] for name in ("comment", "author", "status", "revision", "errors", "finished_at")}
    assert told == {
        "comment": "spring",
        "author": "the publisher",
        "status": "waiting",
        "revision": None,
        "errors": [],
        "finished_at": None,
    }
    said(await client.get(f"{REVISIONS_URL}/1"), 404)


async def test_at_its_instant_the_draft_is_published_as_it_was(
    admin: AdminFactory, postgres: Postgres
) -> None:
    client = await admin()
    made = await schedule(client, experiment("new"), "spring")
    await replace(client, PARIS)
    await publish_due(postgres)
    assert (await become_of(client, made))["status"] == "waiting"

    await is_due(postgres, made)
    await publish_due(postgres)

    revision = (await client.get(f"{REVISIONS_URL}/1")).json()
    expected = experiment("new")
    expected["experiments"][0]["phase"] = 1
    assert (revision["document"], revision["comment"]) == (expected, "spring")
    assert await document_of(client) == PARIS
    became = await become_of(client, made)
    assert (became["status"], became["revision"], became["document"]) == ("published", 1, {})
    assert became["finished_at"] is not None


async def test_a_scheduled_holdout_has_its_phase(admin: AdminFactory, postgres: Postgres) -> None:
    client = await admin()
    await publish(client, {"holdout": {"percent": 5}})
    for document in ({"holdout": {"percent": 10}}, {}):
        await is_due(postgres, await schedule(client, document))
        await publish_due(postgres)
    documents = [(await client.get(f"{REVISIONS_URL}/{n}")).json()["document"] for n in (2, 3)]
    assert documents == [{"holdout": {"percent": 10, "phase": 2}}, {"holdout": {"phase": 3}}]


async def test_each_is_published_once_in_the_order_of_their_instants(
    admin: AdminFactory, postgres: Postgres
) -> None:
    client = await admin()
    documents: dict[str, dict[str, Any]] = {"b": PARIS, "a": {"holdout": {"percent": 5}}, "c": {}}
    made = [await schedule(client, document, name) for name, document in documents.items()]
    await is_due(postgres, made[1], made[0], made[2])
    await publish_due(postgres)
    await publish_due(postgres)
    listed = (await client.get(REVISIONS_URL)).json()["items"]
    assert [(each["number"], each["comment"]) for each in listed] == [(3, "c"), (2, "b"), (1, "a")]
    document = (await client.get(f"{REVISIONS_URL}/3")).json()["document"]
    assert document == {**PARIS, "holdout": {"percent": 5}}


async def test_a_draft_that_cannot_be_published_is_not_scheduled(admin: AdminFactory) -> None:
    client = await admin()
    await replace(client, {"site": {"timezone": "Mars/Crater"}})
    body = {"publish_at": (now() + timedelta(days=1)).isoformat()}
    assert pointers(await client.post(REVISIONS_URL, json=body)) == ["/site/timezone"]
    assert (await client.get(SCHEDULED_URL)).json()["items"] == []


@pytest.mark.parametrize(
    "instant",
    [
        "2020-01-01T00:00:00Z",
        "2200-01-01T00:00:00Z",
        "9999-12-31T23:59:59-12:00",
        "0001-01-01T00:00:00+12:00",
        "soon",
        "2027-01-01T00:00:00",
        7,
    ],
)
async def test_an_instant_that_cannot_be_is_named(admin: AdminFactory, instant: Any) -> None:
    response = await (await admin()).post(REVISIONS_URL, json={"publish_at": instant})
    assert pointers(response) == ["/publish_at"]


async def test_what_came_in_force_meanwhile_stays(admin: AdminFactory, postgres: Postgres) -> None:
    client = await admin()
    await publish(client, UTC)
    made = await schedule(client, {**UTC, "segments": [{"key": "s", "condition": {}}]})
    await publish(client, PARIS)
    await is_due(postgres, made)
    await publish_due(postgres)
    assert (await become_of(client, made))["revision"] == 3
    document = (await client.get(f"{REVISIONS_URL}/3")).json()["document"]
    assert document == {**PARIS, "segments": [{"key": "s", "condition": {}}]}


async def test_what_both_changed_otherwise_fails_and_changes_nothing(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres
) -> None:
    site = await new_site()
    client = await admin(site=site)
    await publish(client, UTC)
    made = await schedule(client, PARIS)
    await publish(client, ROME)
    await is_due(postgres, made)
    await publish_due(postgres)
    became = await become_of(client, made)
    message = "site was changed otherwise by what was published since this was scheduled"
    assert (became["status"], became["revision"]) == ("failed", None)
    assert became["errors"] == [{"pointer": "/site", "message": message}]
    assert became["document"] == PARIS
    said(await client.get(f"{REVISIONS_URL}/3"), 404)
    query = "SELECT action FROM audit WHERE site_id = $1 ORDER BY id DESC LIMIT 1"
    assert await postgres.pool.fetchval(query, site.site_id) == "failed"


async def test_it_is_checked_against_what_is_then_in_force(admin: AdminFactory, postgres: Postgres) -> None:
    client = await admin()
    draft = experiment("new")
    draft["experiments"][0]["status"] = "draft"
    await publish(client, draft)
    # A rule that names a segment, which what is published in between takes away.
    segment = {"segments": [{"key": "s", "condition": {}}]}
    await publish(client, {**draft, **segment})
    rule = {"key": "r", "placements": ["p"], "deliver": {"variant": "old"}, "audience": {"segments": ["s"]}}
    made = await schedule(client, {**draft, **segment, "rules": [rule]})
    await publish(client, draft)
    await is_due(postgres, made)
    await publish_due(postgres)
    became = await become_of(client, made)
    assert became["status"] == "failed"
    assert [error["pointer"] for error in became["errors"]] == ["/rules/0/audience/segments/0"]


async def test_what_nobody_foresaw_fails_too_and_holds_up_nobody(
    admin: AdminFactory, postgres: Postgres
) -> None:
    client = await admin()
    broken, sound = await schedule(client, UTC), await schedule(client, UTC)
    query = "UPDATE scheduled_revisions SET document = '[1]' WHERE id = $1"
    await postgres.pool.execute(query, broken["id"])
    await is_due(postgres, broken, sound)
    await publish_due(postgres)
    query = "SELECT status FROM scheduled_revisions WHERE id = $1"
    assert await postgres.pool.fetchval(query, broken["id"]) == "failed"
    assert (await become_of(client, sound))["revision"] == 1


async def test_the_list_is_newest_first_and_comes_in_pages(admin: AdminFactory) -> None:
    client = await admin()
    made = [await schedule(client, {}, name) for name in "abc"]
    first = (await client.get(f"{SCHEDULED_URL}?limit=2")).json()
    assert [each["comment"] for each in first["items"]] == ["c", "b"]
    last = (await client.get(SCHEDULED_URL, params={"cursor": first["next_cursor"]})).json()
    assert (last["items"], last["next_cursor"]) == ([made[0]], None)


async def test_a_schedule_is_read_with_its_document(admin: AdminFactory) -> None:
    client = await admin()
    made = await schedule(client, PARIS)
    assert await become_of(client, made) == {**made, "document": PARIS}


async def test_what_is_cancelled_is_not_published_and_stays_in_the_list(
    admin: AdminFactory, postgres: Postgres
) -> None:
    client = await admin()
    made = await schedule(client, PARIS)
    assert (await client.delete(f"{SCHEDULED_URL}/{made['id']}")).status_code == 204
    await is_due(postgres, made)
    await publish_due(postgres)
    assert (await client.get(REVISIONS_URL)).json()["items"] == []
    assert [each["status"] for each in (await client.get(SCHEDULED_URL)).json()["items"]] == ["cancelled"]
    refused = said(await client.delete(f"{SCHEDULED_URL}/{made['id']}"), 409)
    assert refused["detail"] == "only what waits can be cancelled; this is cancelled"


async def test_a_site_may_have_so_many_waiting(admin: AdminFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.admin.revisions.schedule.MOST_WAITING", 1)
    client = await admin()
    made = await schedule(client, {})
    body = {"publish_at": (now() + timedelta(days=1)).isoformat()}
    said(await client.post(REVISIONS_URL, json=body), 409)
    await client.delete(f"{SCHEDULED_URL}/{made['id']}")
    assert (await client.post(REVISIONS_URL, json=body)).status_code == 202


@pytest.mark.parametrize(
    ("role", "scheduling", "cancelling"),
    [(Role.VIEWER, 403, 403), (Role.EDITOR, 403, 403), (Role.PUBLISHER, 202, 204), (Role.ADMIN, 202, 204)],
)
async def test_a_publisher_schedules_and_cancels(
    admin: AdminFactory, new_site: SiteFactory, role: Role, scheduling: int, cancelling: int
) -> None:
    site = await new_site()
    made = await schedule(await admin(site=site), {})
    client = await admin(role, site)
    assert (await client.get(SCHEDULED_URL)).json()["items"] == [made]
    assert await become_of(client, made) == {**made, "document": {}}
    body = {"publish_at": (now() + timedelta(days=1)).isoformat()}
    assert (await client.post(REVISIONS_URL, json=body)).status_code == scheduling
    assert (await client.delete(f"{SCHEDULED_URL}/{made['id']}")).status_code == cancelling


async def test_nobody_has_to_do_with_schedules_of_another_site(admin: AdminFactory) -> None:
    ours, theirs = await admin(), await admin()
    made = await schedule(ours, {})
    assert (await theirs.get(SCHEDULED_URL)).json()["items"] == []
    said(await theirs.get(f"{SCHEDULED_URL}/{made['id']}"), 404)
    said(await theirs.delete(f"{SCHEDULED_URL}/{made['id']}"), 404)
    assert pointers(await ours.get(f"{SCHEDULED_URL}/7")) == ["path:schedule_id"]
