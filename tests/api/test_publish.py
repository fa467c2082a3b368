import asyncio
from typing import Any

import asyncpg
import pytest

from app.admin.config.examples import CONFIG
from app.engine.compile import compile_ruleset, parse_document
from app.storage.postgres import Postgres, dsn_of
from app.web.keyring import Role
from tests.api.answers import REVISIONS_URL, experiment, pointers, publish, replace
from tests.api.conftest import AdminFactory
from tests.sites import SiteFactory


async def test_publishing_numbers_the_draft_and_says_who_and_why(admin: AdminFactory) -> None:
    client = await admin(Role.PUBLISHER)
    await replace(client, CONFIG)
    response = await client.post(REVISIONS_URL, json={"comment": "spring"})
    assert response.status_code == 201
    assert response.headers["location"] == "/api/v1/revisions/1"
    assert response.headers["etag"] == '"1"'
    answered = response.json()
    assert answered.pop("created_at").endswith("Z")
    assert answered == {
        "number": 1,
        "comment": "spring",
        "author": "the publisher",
        "warnings": [],
        "lint": {"findings": [], "unknown": [], "not_checked": []},
    }


async def test_a_revision_is_the_draft_with_the_phase_of_each_experiment(admin: AdminFactory) -> None:
    client = await admin()
    await publish(client, CONFIG)
    response = await client.get(f"{REVISIONS_URL}/1")
    expected = {**CONFIG, "experiments": [{**each, "phase": 1} for each in CONFIG["experiments"]]}
    assert response.json()["document"] == expected
    assert response.headers["etag"] == '"1"'
    assert compile_ruleset(parse_document(response.json()["document"]), 1).experiments["hero-copy"].phase == 1


async def test_other_content_of_an_arm_starts_another_phase(admin: AdminFactory) -> None:
    client = await admin()
    for content in ("new", "newer", "newer"):
        await publish(client, experiment(content))
    documents = [(await client.get(f"{REVISIONS_URL}/{n}")).json()["document"] for n in (1, 2, 3)]
    assert [document["experiments"][0]["phase"] for document in documents] == [1, 2, 2]


async def test_another_holdout_is_another_phase_of_it_and_the_draft_says_nothing_of_that(
    admin: AdminFactory,
) -> None:
    client = await admin()
    for holdout in ({"percent": 5}, {"percent": 10}, None, {"percent": 5}):
        await publish(client, {"site": {"timezone": "UTC"}} | ({"holdout": holdout} if holdout else {}))
    documents = [(await client.get(f"{REVISIONS_URL}/{n}")).json()["document"] for n in (1, 2, 3, 4)]
    assert [document["holdout"] for document in documents] == [
        {"percent": 5},
        {"percent": 10, "phase": 2},
        {"phase": 3},
        {"percent": 5, "phase": 3},
    ]
    diffs = [(await client.get(f"{REVISIONS_URL}/{n}/diff")).json() for n in (2, 3, 4)]
    assert [diff["changed"] for diff in diffs] == [["/holdout"]] * 3
    for number, restored in ((2, {"percent": 10}), (3, None)):
        path = f"{REVISIONS_URL}/{number}/restore"
        assert (await client.post(path, headers={"If-Match": "*"})).status_code == 200
        assert (await client.get("/api/v1/config")).json().get("holdout") == restored
    assert compile_ruleset(parse_document(documents[3]), 4).holdout.phase == 3


async def test_a_document_without_experiments_is_published_as_it_is(admin: AdminFactory) -> None:
    client = await admin()
    await publish(client, {"site": {"timezone": "UTC"}})
    assert (await client.get(f"{REVISIONS_URL}/1")).json()["document"] == {"site": {"timezone": "UTC"}}


async def test_publishing_names_every_error_and_changes_nothing(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres
) -> None:
    site = await new_site()
    client = await admin(site=site)
    await publish(client, experiment("new"))
    broken = experiment("new")
    broken["experiments"][0]["unit"] = "user"
    broken["site"] = {"timezone": "Mars/Crater"}
    broken["segments"] = [{"key": "s", "condition": {}}]
    broken["rules"] = [{"key": "r", "placements": ["p"], "deliver": {}}]
    await replace(client, broken)
    # What is put has no such condition; another version may have left one.
    await postgres.pool.execute(
        "UPDATE drafts SET document = document || $2 WHERE site_id = $1 AND kind = 'segments'",
        site.site_id,
        '{"condition": {"events.x.count": {"$gte": 1}, "traits.a": {"$wrong": 1}}}',
    )
    assert set(pointers(await client.post(REVISIONS_URL, json={}))) == {
        "/experiments/0/unit",
        "/segments/0/condition/traits.a/$wrong",
        "/site/timezone",
        "/rules/0/deliver",
    }
    assert (await client.get(f"{REVISIONS_URL}/2")).status_code == 404
    published = "SELECT count(*) FROM audit WHERE site_id = $1 AND action = 'published'"
    assert await postgres.pool.fetchval(published, site.site_id) == 1


async def test_names_that_stand_for_nothing_are_errors(admin: AdminFactory) -> None:
    client = await admin()
    rule = {
        "key": "r",
        "placements": ["nowhere"],
        "deliver": {"variant": "v"},
        "audience": {"segments": ["nobody"]},
    }
    await replace(client, {"rules": [rule]})
    places = set(pointers(await client.post(REVISIONS_URL, json={})))
    assert places == {"/rules/0/placements/0", "/rules/0/audience/segments/0"}


async def test_what_is_allowed_and_perhaps_not_meant_is_a_warning(admin: AdminFactory) -> None:
    client = await admin()
    metric = {"key": "m", "kind": "conversion", "event": "o", "window_days": 120}
    judged = {
        "key": "e",
        "arms": [{"key": "a"}],
        "primary_metric": "m",
        "metrics": [{"metric": "m", "role": "guardrail"}],
    }
    answered = await publish(
        client,
        {
            "site": {"retention": {"events_days": 90}},
            "metrics": [metric],
            "experiments": [judged],
            "segments": [{"key": "s", "condition": {"traits.age": {"$lt": 18}}}],
        },
    )
    assert [warning["pointer"] for warning in answered["warnings"]] == [
        "/metrics/0/window_days",
        "/experiments/0/metrics/0/metric",
        "/segments/0/condition/traits.age/$lt",
    ]


async def test_of_many_publishing_at_once_each_gets_its_number(admin: AdminFactory) -> None:
    client = await admin()
    responses = await asyncio.gather(*(client.post(REVISIONS_URL, json={}) for _ in range(10)))
    assert [response.status_code for response in responses] == [201] * 10, [r.text for r in responses]
    assert sorted(response.json()["number"] for response in responses) == list(range(1, 11))


async def test_every_process_hears_of_a_revision_once_it_can_be_read(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres
) -> None:
    site = await new_site()
    client = await admin(site=site)
    heard: asyncio.Queue[str] = asyncio.Queue()
    listener = await asyncpg.connect(dsn_of(postgres.engine.url.render_as_string(hide_password=False)))
    await listener.add_listener("signpost_changed", lambda *said: heard.put_nowait(str(said[-1])))
    await client.post(REVISIONS_URL, json={})
    while await asyncio.wait_for(heard.get(), timeout=10) != str(site.site_id):
        pass
    stored = await listener.fetchval("SELECT count(*) FROM revisions WHERE site_id = $1", site.site_id)
    await listener.close()
    assert stored == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [({"comment": "a\x00"}, "/comment"), ({"comment": 7}, "/comment"), ({"coment": ""}, "/coment")],
)
async def test_a_wrong_comment_is_named(admin: AdminFactory, body: dict[str, Any], pointer: str) -> None:
    assert pointers(await (await admin()).post(REVISIONS_URL, json=body)) == [pointer]
