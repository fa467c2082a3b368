"""What webhooks are told, as the log of their deliveries has it; nothing is sent here."""

from typing import Any

from httpx import AsyncClient

from app.storage.postgres import Postgres
from tests.api.answers import REVISIONS_URL, experiment, publish, replace, said
from tests.api.conftest import AdminFactory
from tests.api.scheduling import is_due, publish_due, schedule
from tests.api.test_webhooks import URL, add


async def hears(client: AsyncClient, **fields: Any) -> str:
    """Add a webhook to this machine, and give its path."""
    made = await add(client, url="http://127.0.0.1:9/", **fields)
    return f"{URL}/{made['id']}"


async def told(client: AsyncClient, path: str) -> list[tuple[str, Any]]:
    """List what a webhook is told, the oldest first."""
    items = (await client.get(f"{path}/deliveries")).json()["items"]
    assert all(each["body"]["type"] == each["event"] for each in items)
    return [(each["event"], each["body"]["data"]) for each in reversed(items)]


ALL = ["revision.published", "revision.publish_failed", "experiment.status_changed"]


async def test_a_publish_is_told_with_the_experiments_it_starts(admin: AdminFactory) -> None:
    client = await admin()
    path = await hears(client, events=ALL)
    await publish(client, experiment("new"), "spring")
    await publish(client, experiment("newer"))
    changed = {"experiment": "e", "before": "draft", "after": "running", "revision": 1}
    assert await told(client, path) == [
        ("revision.published", {"number": 1, "comment": "spring", "author": "first secret key"}),
        ("experiment.status_changed", changed),
        ("revision.published", {"number": 2, "comment": "", "author": "first secret key"}),
    ]


async def test_a_webhook_is_told_what_it_asked_for_while_it_is_enabled(admin: AdminFactory) -> None:
    client = await admin()
    experiments = await hears(client, events=["experiment.status_changed"])
    silent = await hears(client, events=ALL, enabled=False)
    elsewhere = await admin()
    theirs = await hears(elsewhere, events=ALL)
    await publish(client, {})
    for path in (experiments, silent):
        assert await told(client, path) == []
    assert await told(elsewhere, theirs) == []


async def test_what_is_not_published_is_not_told(admin: AdminFactory) -> None:
    client = await admin()
    path = await hears(client, events=ALL)
    await replace(client, {"site": {"timezone": "Mars/Crater"}})
    said(await client.post(REVISIONS_URL, json={}), 422)
    assert await told(client, path) == []


async def test_a_schedule_is_told_when_it_is_published(admin: AdminFactory, postgres: Postgres) -> None:
    client = await admin()
    path = await hears(client, events=ALL)
    made = await schedule(client, experiment("new"), "spring")
    assert await told(client, path) == []
    await is_due(postgres, made)
    await publish_due(postgres)
    assert [event for event, _ in await told(client, path)] == [
        "revision.published",
        "experiment.status_changed",
    ]


async def test_a_schedule_that_fails_is_told_with_what_was_wrong(
    admin: AdminFactory, postgres: Postgres
) -> None:
    client = await admin()
    made = await schedule(client, {"holdout": {"percent": 5}}, "spring")
    await publish(client, {"holdout": {"percent": 10}})
    path = await hears(client, events=ALL)
    await is_due(postgres, made)
    await publish_due(postgres)
    [(event, data)] = await told(client, path)
    assert event == "revision.publish_failed"
    assert (data["schedule"], data["comment"], data["author"]) == (made["id"], "spring", "first secret key")
    assert [error["pointer"] for error in data["errors"]] == ["/holdout"]
    assert data["errors_in_all"] == 1


async def test_the_log_is_newest_first_and_comes_in_pages(admin: AdminFactory) -> None:
    client = await admin()
    path = await hears(client)
    for comment in "abc":
        await publish(client, {}, comment)
    first = (await client.get(f"{path}/deliveries?limit=2")).json()
    last = (await client.get(f"{path}/deliveries", params={"cursor": first["next_cursor"]})).json()
    listed = [each["body"]["data"]["comment"] for each in first["items"] + last["items"]]
    assert (listed, last["next_cursor"]) == (["c", "b", "a"], None)


async def test_a_ping_waits_to_be_sent(admin: AdminFactory) -> None:
    client = await admin()
    path = await hears(client)
    response = await client.post(f"{path}/ping")
    sent = response.json()
    assert response.status_code == 202
    assert (sent["event"], sent["status"], sent["attempts"], sent["response_code"]) == (
        "ping",
        "waiting",
        0,
        None,
    )
    assert sent["next_at"] is not None
    assert (await client.get(f"{path}/deliveries")).json()["items"] == [sent]


async def test_a_message_is_sent_again_as_if_it_were_new(admin: AdminFactory, postgres: Postgres) -> None:
    client = await admin()
    path = await hears(client)
    sent = (await client.post(f"{path}/ping")).json()
    query = "UPDATE webhook_deliveries SET status = 'failed', attempts = 9, next_at = NULL WHERE id = $1"
    await postgres.pool.execute(query, sent["id"])
    response = await client.post(f"{path}/deliveries/{sent['id']}/resend")
    assert response.status_code == 202
    again = response.json()
    assert (again["id"], again["status"], again["attempts"]) == (sent["id"], "waiting", 0)
    assert again["next_at"] >= sent["next_at"]


async def test_nothing_is_sent_to_a_webhook_that_is_not_enabled(admin: AdminFactory) -> None:
    client = await admin()
    path = await hears(client)
    sent = (await client.post(f"{path}/ping")).json()
    await client.patch(path, json={"enabled": False}, headers={"If-Match": "*"})
    said(await client.post(f"{path}/ping"), 409)
    said(await client.post(f"{path}/deliveries/{sent['id']}/resend"), 409)


async def test_only_what_was_sent_to_a_webhook_can_be_sent_to_it_again(admin: AdminFactory) -> None:
    client = await admin()
    ours, other = await hears(client), await hears(client)
    sent = (await client.post(f"{ours}/ping")).json()
    said(await client.post(f"{other}/deliveries/{sent['id']}/resend"), 404)


async def test_a_webhook_that_is_removed_takes_its_messages_along(
    admin: AdminFactory, postgres: Postgres
) -> None:
    client = await admin()
    path = await hears(client)
    sent = (await client.post(f"{path}/ping")).json()
    await client.delete(path, headers={"If-Match": "*"})
    query = "SELECT count(*) FROM webhook_deliveries WHERE id = $1"
    assert await postgres.pool.fetchval(query, sent["id"]) == 0


async def test_who_enables_a_webhook_again_need_not_read_why_it_was_not(
    admin: AdminFactory, postgres: Postgres
) -> None:
    client = await admin()
    path = await hears(client)
    query = "UPDATE webhooks SET enabled = false, disabled_because = 'gone' WHERE id = $1"
    await postgres.pool.execute(query, path.rpartition("/")[2])
    assert (await client.get(path)).json()["disabled_because"] == "gone"
    changed = await client.patch(path, json={"enabled": True}, headers={"If-Match": "*"})
    assert (changed.json()["enabled"], changed.json()["disabled_because"]) == (True, None)
