"""Publishing what is due, with others at it and with the database going away in the middle."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg
import pytest
from httpx import AsyncClient

from app.admin.revisions import timetable
from app.admin.revisions.timetable import Timetable
from app.kit.tasks import background
from app.storage.postgres import Postgres, dsn_of
from tests.api.answers import REVISIONS_URL, experiment, publish, replace, said
from tests.api.conftest import AdminFactory
from tests.api.scheduling import become_of, is_due, publish_due, schedule
from tests.sites import SiteFactory
from tests.waiting import until

WAITS = """
    SELECT pid FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND query LIKE '%INSERT INTO audit%' AND datname = current_database()
"""


@asynccontextmanager
async def stopped_at_the_audit(postgres: Postgres) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Let whoever publishes wait behind the new revision, and give what cuts their connection there."""
    url = postgres.engine.url.render_as_string(hide_password=False)
    connection = await asyncpg.connect(dsn_of(url))

    async def cut() -> None:
        await until(lambda: publishes(postgres))
        await connection.execute(f"SELECT pg_terminate_backend(pid) FROM ({WAITS}) AS waiting")  # noqa: S608 - it is this file's own

    async with connection.transaction():
        await connection.execute("LOCK TABLE audit IN SHARE MODE")
        yield cut
    await connection.close()


async def publishes(postgres: Postgres) -> bool:
    """Whether somebody is in the middle of it."""
    return bool(await postgres.pool.fetch(WAITS))


async def traces(postgres: Postgres, site: int) -> list[int]:
    """Count what a publish leaves: revisions, entries of the audit, messages to webhooks."""
    queries = (
        "SELECT count(*) FROM revisions WHERE site_id = $1",
        "SELECT count(*) FROM audit WHERE site_id = $1 AND action = 'published'",
        "SELECT count(*) FROM webhook_deliveries JOIN webhooks AS w ON webhook_id = w.id WHERE site_id = $1",
    )
    return [await postgres.pool.fetchval(query, site) for query in queries]


async def hears(client: AsyncClient) -> None:
    body = {"url": "http://127.0.0.1:9/", "events": ["revision.published"]}
    assert (await client.post("/api/v1/webhooks", json=body)).status_code == 201


async def test_a_publish_that_is_cut_off_in_the_middle_changes_nothing(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres
) -> None:
    site = await new_site()
    client = await admin(site=site)
    await hears(client)
    await replace(client, experiment("new"))
    async with stopped_at_the_audit(postgres) as cut:
        publishing = asyncio.create_task(client.post(REVISIONS_URL, json={}))
        await cut()
        said(await publishing, 503)
    assert await traces(postgres, site.site_id) == [0, 0, 0]
    assert (await client.post(REVISIONS_URL, json={})).json()["number"] == 1
    assert await traces(postgres, site.site_id) == [1, 1, 1]


async def test_a_schedule_that_is_cut_off_in_the_middle_is_published_later_and_once(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres
) -> None:
    site = await new_site()
    client = await admin(site=site)
    await hears(client)
    made = await schedule(client, experiment("new"))
    await is_due(postgres, made)
    async with stopped_at_the_audit(postgres) as cut:
        publishing = asyncio.create_task(Timetable(postgres.engine).publish_next())
        await cut()
        [error] = await asyncio.gather(publishing, return_exceptions=True)
        assert isinstance(error, Exception)
    assert await traces(postgres, site.site_id) == [0, 0, 0]
    assert (await become_of(client, made))["status"] == "waiting"
    await publish_due(postgres)
    assert (await become_of(client, made))["revision"] == 1
    assert await traces(postgres, site.site_id) == [1, 1, 1]


async def test_of_many_at_once_each_schedule_is_published_by_one(
    admin: AdminFactory, postgres: Postgres
) -> None:
    client = await admin()
    made = [await schedule(client, {}, str(number)) for number in range(4)]
    await is_due(postgres, *made)
    timetables = [Timetable(postgres.engine) for _ in range(3)]

    async def nothing_waits() -> bool:
        await asyncio.gather(*(each.publish_next() for each in timetables))
        return not await postgres.pool.fetchval(
            "SELECT count(*) FROM scheduled_revisions WHERE id = ANY ($1) AND status = 'waiting'",
            [each["id"] for each in made],
        )

    await until(nothing_waits)
    listed = (await client.get(REVISIONS_URL)).json()["items"]
    assert [(each["number"], each["comment"]) for each in listed] == [(4, "3"), (3, "2"), (2, "1"), (1, "0")]


async def test_another_process_passes_over_a_site_that_one_is_at(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres
) -> None:
    site = await new_site()
    client = await admin(site=site)
    first, second = await schedule(client, {}), await schedule(client, {})
    await is_due(postgres, first, second)
    async with postgres.pool.acquire() as other, other.transaction():
        await other.execute("SELECT FROM scheduled_revisions WHERE id = $1 FOR UPDATE", first["id"])
        await publish_due(postgres)
        assert (await become_of(client, second))["status"] == "waiting"
    await publish_due(postgres)
    assert (await become_of(client, second))["revision"] == 2


async def test_cancelling_waits_for_what_is_being_published(admin: AdminFactory, postgres: Postgres) -> None:
    client = await admin()
    made = await schedule(client, {})
    await is_due(postgres, made)
    async with stopped_at_the_audit(postgres):
        publishing = asyncio.create_task(publish_due(postgres))
        await until(lambda: publishes(postgres))
        cancelling = asyncio.create_task(client.delete(f"{REVISIONS_URL}/scheduled/{made['id']}"))
    await publishing
    assert said(await cancelling, 409)["detail"].endswith("this is published")


async def test_it_goes_on_when_the_database_is_back(
    admin: AdminFactory, postgres: Postgres, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(timetable, "RETRY_S", 0.01)
    monkeypatch.setattr(timetable, "POLL_S", 0.01)
    client = await admin()
    made = await schedule(client, {})
    await is_due(postgres, made)

    async def is_published() -> bool:
        return bool((await become_of(client, made))["status"] == "published")

    async with AsyncExitStack() as running:
        async with stopped_at_the_audit(postgres) as cut:
            await running.enter_async_context(background(Timetable(postgres.engine).run()))
            await cut()
        await until(is_published)
    assert "publishing what is scheduled failed; it will be tried again" in caplog.text


async def test_a_schedule_outlives_the_key_that_made_it(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres
) -> None:
    site = await new_site()
    client = await admin(site=site)
    made = await schedule(client, {})
    await postgres.pool.execute("UPDATE keys SET revoked_at = now() WHERE site_id = $1", site.site_id)
    await is_due(postgres, made)
    await publish_due(postgres)
    assert (await become_of(client, made))["revision"] == 1
    await publish(client, {})
