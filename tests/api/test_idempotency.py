"""A POST that is sent again with its `Idempotency-Key`."""

import asyncio
from functools import partial
from typing import Any

import pytest
from httpx import AsyncClient, Response

from app.storage.postgres import Postgres
from app.web.keyring import Role
from tests.api.answers import REVISIONS_URL, pointers, replace, rules, said
from tests.api.conftest import AdminFactory
from tests.api.resources import API
from tests.sites import SiteFactory
from tests.waiting import until

METRIC = {"key": "m", "event": "signup"}
URL = f"{API}/metrics"


async def post(client: AsyncClient, key: str, body: Any = METRIC, url: str = URL) -> Response:
    return await client.post(url, json=body, headers={"Idempotency-Key": key})


def told(response: Response) -> tuple[int, bytes, list[str]]:
    """Give all of an answer that says what was done."""
    return (
        response.status_code,
        response.content,
        [response.headers[name] for name in ("etag", "location", "content-type")],
    )


async def test_sent_again_it_answers_the_same_again(admin: AdminFactory) -> None:
    client = await admin(Role.EDITOR)
    first = await post(client, '"8e03978e"')
    assert first.status_code == 201
    await client.delete(f"{URL}/m", headers={"If-Match": "*"})
    assert told(await post(client, '"8e03978e"')) == told(first)
    assert told(await post(client, "8e03978e")) == told(first)
    assert (await client.get(f"{URL}/m")).status_code == 404


async def test_without_a_key_or_with_another_it_is_another_request(admin: AdminFactory) -> None:
    client = await admin()
    await post(client, "one")
    said(await post(client, "two"), 409)
    said(await client.post(URL, json=METRIC), 409)


@pytest.mark.parametrize(
    ("body", "url"),
    [
        ({**METRIC, "event": "login"}, URL),
        ({"key": "s", "condition": {}}, f"{API}/segments"),
        ({}, REVISIONS_URL),
    ],
)
async def test_with_another_request_the_key_is_refused(
    admin: AdminFactory, body: dict[str, Any], url: str
) -> None:
    client = await admin()
    await post(client, "k")
    assert pointers(await post(client, "k", body, url)) == ["header:idempotency-key"]


async def test_what_was_refused_may_be_mended_under_the_same_key(admin: AdminFactory) -> None:
    client = await admin()
    assert pointers(await post(client, "k", {**METRIC, "event": ""})) == ["/event"]
    assert (await post(client, "k")).status_code == 201


async def test_of_many_at_once_one_is_done_and_the_others_hear_so(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres
) -> None:
    site = await new_site()
    client = await admin(site=site)
    responses = await asyncio.gather(
        *(post(client, "k", {"comment": "once"}, REVISIONS_URL) for _ in range(20))
    )
    statuses = [response.status_code for response in responses]
    assert {*statuses} <= {201, 409}
    assert len({response.content for response in responses if response.status_code == 201}) == 1
    stored = "SELECT count(*) FROM revisions WHERE site_id = $1"
    assert await postgres.pool.fetchval(stored, site.site_id) == 1


async def test_while_the_first_is_under_way_the_second_is_a_conflict(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres
) -> None:
    site = await new_site()
    client = await admin(site=site)
    async with postgres.pool.acquire() as connection, connection.transaction():
        # Nobody changes the draft of a site meanwhile.
        await connection.execute(
            "SELECT pg_advisory_xact_lock($1, $2)", int.from_bytes(b"drft"), site.site_id
        )
        first = asyncio.create_task(post(client, "k"))
        await until(partial(is_waiting, postgres))
        body = said(await post(client, "k"), 409)
        assert "under way" in body["detail"]
    answered = await first
    assert answered.status_code == 201
    assert told(await post(client, "k")) == told(answered)


async def test_a_key_is_the_callers_own(admin: AdminFactory, new_site: SiteFactory) -> None:
    site = await new_site()
    one, other, elsewhere = await admin(site=site), await admin(Role.EDITOR, site), await admin()
    assert (await post(one, "k")).status_code == 201
    said(await post(other, "k"), 409)
    assert (await post(other, "k", {**METRIC, "key": "n"})).status_code == 201
    assert (await post(elsewhere, "k", {**METRIC, "event": "login"})).status_code == 201


async def test_after_a_day_it_is_forgotten(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres
) -> None:
    site = await new_site()
    client = await admin(site=site)
    await post(client, "k")
    for hours, status in ((23, 201), (2, 409)):
        await postgres.pool.execute(
            "UPDATE idempotent_answers SET at = at - make_interval(hours => $2) WHERE site_id = $1",
            site.site_id,
            hours,
        )
        assert (await post(client, "k")).status_code == status
    assert (await post(client, "k", {**METRIC, "key": "n"})).status_code == 201
    assert (await post(client, "k", {**METRIC, "key": "n"})).status_code == 201


async def test_publishing_twice_with_one_key_publishes_once(admin: AdminFactory) -> None:
    client = await admin(Role.PUBLISHER)
    first = await post(client, "k", {"comment": "spring"}, REVISIONS_URL)
    again = await post(client, "k", {"comment": "spring"}, REVISIONS_URL)
    assert told(first) == told(again)
    assert [each["number"] for each in (await client.get(REVISIONS_URL)).json()["items"]] == [1]


async def test_what_has_no_body_has_its_key_too(admin: AdminFactory) -> None:
    client = await admin()
    await replace(client, rules())
    await client.post(REVISIONS_URL, json={})
    await replace(client, {"site": {"timezone": "UTC"}})
    headers = {"Idempotency-Key": "k", "If-Match": "*"}
    first = await client.post(f"{REVISIONS_URL}/1/restore", headers=headers)
    again = await client.post(f"{REVISIONS_URL}/1/restore", headers=headers)
    assert first.json()["removed"] == ["/site"]
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])


@pytest.mark.parametrize("key", ["", "x" * 258, "a\tb"])
async def test_a_key_that_is_none_is_named(admin: AdminFactory, key: str) -> None:
    assert pointers(await post(await admin(), key)) == ["header:idempotency-key"]


async def is_waiting(postgres: Postgres) -> bool:
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    return bool(await postgres.pool.fetchval(query))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("keys", {"name": "the CMS", "role": "viewer"}),
        ("webhooks", {"url": "http://127.0.0.1:9/hook", "events": ["revision.published"]}),
    ],
)
async def test_what_has_a_secret_is_made_once_and_its_secret_told_once(
    admin: AdminFactory, postgres: Postgres, path: str, body: Any
) -> None:
    client = await admin()
    before = len((await client.get(f"{API}/{path}")).json()["items"])
    first = await post(client, "one", body, f"{API}/{path}")
    again = await post(client, "one", body, f"{API}/{path}")
    assert first.status_code == 201
    assert said(again, 409)["detail"].startswith(f"{first.headers['location']} was made by this")
    assert again.headers["location"] == first.headers["location"]
    assert len((await client.get(f"{API}/{path}")).json()["items"]) == before + 1
    secret = first.json().get("key") or first.json()["secret"]
    stored = await postgres.pool.fetch("SELECT body FROM idempotent_answers")
    assert not any(secret.encode() in row["body"] for row in stored)


async def test_a_secret_is_rotated_once(admin: AdminFactory) -> None:
    client = await admin()
    hook = {"url": "http://127.0.0.1:9/hook", "events": ["revision.published"]}
    made = (await client.post(f"{API}/webhooks", json=hook)).json()
    url = f"{API}/webhooks/{made['id']}/rotate"
    assert (await post(client, "one", {}, url)).status_code == 200
    assert said(await post(client, "one", {}, url), 409)["detail"].startswith("this was done by this")
