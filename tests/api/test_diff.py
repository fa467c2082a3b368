"""How revisions and the draft differ."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.api.answers import REVISIONS_URL, experiment, pointers, publish, replace, said
from tests.api.conftest import AdminFactory


async def diff(client: AsyncClient, version: int | str, against: int | str | None = None) -> dict[str, Any]:
    query = "" if against is None else f"?against={against}"
    response = await client.get(f"{REVISIONS_URL}/{version}/diff{query}")
    assert response.status_code == 200
    answered: dict[str, Any] = response.json()
    return answered


async def test_a_difference_is_told_field_by_field(admin: AdminFactory) -> None:
    client = await admin()
    await publish(client, {"site": {"timezone": "UTC", "default_locale": "en"}})
    await publish(client, {"site": {"timezone": "Europe/Paris", "default_locale": "en"}})
    assert await diff(client, 2) == {
        "added": [],
        "changed": ["/site"],
        "removed": [],
        "reordered": [],
        "details": {
            "resources": {"site": [{"pointer": "/timezone", "before": "UTC", "after": "Europe/Paris"}]},
            "cut": False,
        },
    }


async def test_the_draft_is_compared_with_the_latest_revision(admin: AdminFactory) -> None:
    client = await admin()
    await publish(client, {"site": {"timezone": "UTC"}})
    await replace(client, {"site": {"timezone": "Europe/Paris"}})
    told = await diff(client, "draft")
    assert told["details"]["resources"]["site"][0]["after"] == "Europe/Paris"


async def test_the_draft_and_a_revision_are_compared_either_way(admin: AdminFactory) -> None:
    client = await admin()
    await publish(client, {"site": {}})
    await publish(client, {})
    await replace(client, {"holdout": {}})
    assert (await diff(client, "draft", 1))["removed"] == ["/site"]
    assert (await diff(client, 1, "draft"))["removed"] == ["/holdout"]
    assert (await diff(client, "draft", "draft"))["details"]["resources"] == {}


async def test_a_draft_that_was_never_published_is_all_new(admin: AdminFactory) -> None:
    client = await admin()
    await replace(client, {"site": {}})
    assert (await diff(client, "draft"))["added"] == ["/site"]
    assert (await diff(await admin(), "draft"))["added"] == []


async def test_phases_are_told_between_revisions_and_not_against_the_draft(admin: AdminFactory) -> None:
    client = await admin()
    await publish(client, experiment("new"))
    await publish(client, experiment("newer"))
    told = await diff(client, 2)
    fields = {
        name: [field["pointer"] for field in fields] for name, fields in told["details"]["resources"].items()
    }
    assert fields == {"placements/p": ["/variants/1/content"], "experiments/e": ["/phase"]}
    assert (await diff(client, "draft"))["changed"] == []
    assert (await diff(client, 2, "draft"))["changed"] == []


@pytest.mark.parametrize("version", ["0", "-1", "01x", "drafts", "2147483648", "²", "99999999999999999999"])
async def test_what_is_no_version_is_named(admin: AdminFactory, version: str) -> None:
    client = await admin()
    assert pointers(await client.get(f"{REVISIONS_URL}/{version}/diff")) == ["path:version"]
    response = await client.get(f"{REVISIONS_URL}/draft/diff", params={"against": version})
    assert pointers(response) == ["query:against"]
    assert response.json()["errors"][0]["message"] == "must be the number of a revision, or draft"


async def test_a_version_that_is_not_there_is_not_found(admin: AdminFactory) -> None:
    client = await admin()
    said(await client.get(f"{REVISIONS_URL}/draft/diff?against=1"), 404)
    said(await client.get(f"{REVISIONS_URL}/1/diff?against=draft"), 404)
