"""Phases of an experiment that is taken out and comes back: never one that it has had before."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.storage.postgres import Postgres
from tests.api.answers import REVISIONS_URL, experiment, publish
from tests.api.conftest import AdminFactory
from tests.api.scheduling import is_due, publish_due, schedule

NOTHING: dict[str, Any] = {"site": {"timezone": "UTC"}}


async def phases(client: AsyncClient) -> list[int | None]:
    """The phase that the experiment has in each revision, None where it is not there."""
    listed = (await client.get(REVISIONS_URL)).json()["items"]
    numbers = sorted(each["number"] for each in listed)
    documents = [(await client.get(f"{REVISIONS_URL}/{number}")).json()["document"] for number in numbers]
    return [next((each["phase"] for each in found.get("experiments", [])), None) for found in documents]


async def restore(client: AsyncClient, number: int) -> None:
    """Put a revision back into the draft, and publish it."""
    restored = await client.post(f"{REVISIONS_URL}/{number}/restore", headers={"If-Match": "*"})
    assert restored.status_code == 200
    assert (await client.post(REVISIONS_URL, json={})).status_code == 201


async def test_what_comes_back_goes_on_after_the_highest_phase_that_it_ever_had(admin: AdminFactory) -> None:
    client = await admin()
    for content in ("a", "b", "c"):
        await publish(client, experiment(content))
    await publish(client, NOTHING)
    await publish(client, experiment("a"))
    await publish(client, experiment("a"))
    await publish(client, experiment("b"))
    await publish(client, NOTHING)
    await publish(client, experiment("b"))
    assert await phases(client) == [1, 2, 3, None, 4, 4, 5, None, 6]


async def test_what_was_never_there_begins_with_its_first_phase(admin: AdminFactory) -> None:
    client = await admin()
    await publish(client, experiment("a"))
    await publish(client, experiment("b"))
    await publish(client, NOTHING)
    other = experiment("a")
    other["experiments"][0]["key"] = "another"
    await publish(client, other)
    assert await phases(client) == [1, 2, None, 1]


async def test_a_restored_experiment_begins_a_new_phase(admin: AdminFactory) -> None:
    client = await admin()
    await publish(client, experiment("a"))
    await publish(client, experiment("b"))
    await restore(client, 1)
    await publish(client, NOTHING)
    await restore(client, 2)
    await restore(client, 1)
    assert await phases(client) == [1, 2, 3, None, 4, 5]


@pytest.mark.parametrize("between", [None, {**NOTHING, "segments": [{"key": "s", "condition": {}}]}])
async def test_what_comes_back_by_a_schedule_begins_a_new_phase(
    admin: AdminFactory, postgres: Postgres, between: dict[str, Any] | None
) -> None:
    client = await admin()
    await publish(client, experiment("a"))
    await publish(client, experiment("b"))
    await publish(client, NOTHING)
    made = await schedule(client, {**NOTHING, **experiment("a")})
    if between is not None:
        await publish(client, between)
    await is_due(postgres, made)
    await publish_due(postgres)
    assert [each for each in await phases(client) if each is not None] == [1, 2, 3]


async def test_what_is_scheduled_and_came_back_before_goes_on_with_its_phase(
    admin: AdminFactory, postgres: Postgres
) -> None:
    client = await admin()
    await publish(client, experiment("a"))
    await publish(client, NOTHING)
    made = await schedule(client, {**NOTHING, **experiment("a")})
    await publish(client, {**NOTHING, **experiment("a")})
    await is_due(postgres, made)
    await publish_due(postgres)
    assert await phases(client) == [1, None, 2, 2]


async def test_experiments_of_two_sites_have_nothing_to_do_with_one_another(admin: AdminFactory) -> None:
    ours, theirs = await admin(), await admin()
    for content in ("a", "b", "c"):
        await publish(ours, experiment(content))
    for document in (experiment("a"), NOTHING, experiment("a")):
        await publish(theirs, document)
    assert await phases(theirs) == [1, None, 2]
    assert await phases(ours) == [1, 2, 3]
