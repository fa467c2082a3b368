"""What is in use is not deleted, and whoever uses it is named."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.api.answers import document_of, replace, said
from tests.api.conftest import AdminFactory
from tests.api.resources import API

SHOP: dict[str, Any] = {
    "placements": [
        {"key": "p", "default": "v", "variants": [{"key": "v"}, {"key": "w"}, {"key": "free"}]},
        {"key": "free"},
    ],
    "segments": [
        {"key": "s", "condition": {"stages.j": "b"}},
        {"key": "t", "condition": {"segments": {"$in": ["s", "t"]}}},
        {"key": "free", "condition": {"segments": "free"}},
    ],
    "journeys": [
        {"key": "k"},
        {"key": "j", "primary": True, "stages": [{"key": "a"}, {"key": "b", "when": {"segments": "s"}}]},
        {"key": "free"},
    ],
    "metrics": [{"key": m, "event": "e"} for m in ("m", "n", "free")],
    "exclusion_groups": [{"key": "g"}, {"key": "free"}],
    "experiments": [
        {
            "key": "e",
            "primary_metric": "m",
            "exclusion_group": {"key": "g", "from": 0, "to": 50},
            "arms": [{"key": "a", "variants": {"p": "w"}}],
        },
        {"key": "free", "arms": [{"key": "a"}]},
    ],
    "rules": [
        {"key": "r", "placements": ["p"], "deliver": {"experiment": "e"}, "audience": {"stages": ["b"]}},
        {"key": "free", "placements": ["p"], "deliver": {"variant": "v"}, "audience": {"segments": ["t"]}},
    ],
    "holdout": {"percent": 5, "metrics": ["n"]},
}


async def delete(client: AsyncClient, path: str) -> Any:
    return await client.delete(f"{API}/{path}", headers={"If-Match": "*"})


@pytest.mark.parametrize(
    ("path", "users"),
    [
        (
            "placements/p",
            {"/experiments/e/arms/0/variants/p", "/rules/r/placements/0", "/rules/free/placements/0"},
        ),
        ("placements/p/variants/v", {"/placements/p/default", "/rules/free/deliver/variant"}),
        ("placements/p/variants/w", {"/experiments/e/arms/0/variants/p"}),
        ("segments/s", {"/segments/t/condition/segments/$in", "/journeys/j/stages/1/when/segments"}),
        ("segments/t", {"/rules/free/audience/segments/0"}),
        ("journeys/j", {"/segments/s/condition/stages.j", "/rules/r/audience/stages/0"}),
        ("metrics/m", {"/experiments/e/primary_metric"}),
        ("metrics/n", {"/holdout/metrics/0"}),
        ("exclusion_groups/g", {"/experiments/e/exclusion_group/key"}),
        ("experiments/e", {"/rules/r/deliver/experiment"}),
    ],
)
async def test_what_is_in_use_stays_and_each_user_is_named(
    admin: AdminFactory, path: str, users: set[str]
) -> None:
    client = await admin()
    await replace(client, SHOP)
    body = said(await delete(client, path), 409)
    assert {error["pointer"] for error in body["errors"]} == users
    assert body["detail"].startswith(f"{path} is in use: ")
    assert await document_of(client) == SHOP


async def test_who_uses_it_is_said_in_words(admin: AdminFactory) -> None:
    client = await admin()
    await replace(client, SHOP)
    assert said(await delete(client, "experiments/e"), 409)["detail"] == (
        "experiments/e is in use: rules/r delivers it"
    )


@pytest.mark.parametrize(
    "path",
    [
        "placements/free",
        "placements/p/variants/free",
        "segments/free",
        "journeys/free",
        "journeys/k",
        "metrics/free",
        "exclusion_groups/free",
        "experiments/free",
        "rules/r",
    ],
)
async def test_what_nobody_but_itself_uses_may_go(admin: AdminFactory, path: str) -> None:
    client = await admin()
    await replace(client, SHOP)
    assert (await delete(client, path)).status_code == 204
    assert (await client.get(f"{API}/{path}")).status_code == 404


async def test_the_first_journey_gives_the_stage_where_none_is_primary(admin: AdminFactory) -> None:
    client = await admin()
    rule = {
        "key": "r",
        "placements": ["p"],
        "deliver": {"variant": "v"},
        "audience": {"stages": ["decision"]},
    }
    await replace(client, {"journeys": [{"key": "k"}, {"key": "j"}], "rules": [rule]})
    assert said(await delete(client, "journeys/k"), 409)["detail"] == (
        "journeys/k is in use: rules/r addresses its stage 'decision'"
    )
    assert (await delete(client, "journeys/j")).status_code == 204


async def test_once_its_user_is_gone_it_may_go(admin: AdminFactory) -> None:
    client = await admin()
    await replace(client, SHOP)
    for path in ("rules/r", "experiments/e", "exclusion_groups/g"):
        assert (await delete(client, path)).status_code == 204


@pytest.mark.parametrize(
    ("users", "listed", "end"), [(25, 25, "; and 5 more"), (300, 200, "; and many more")]
)
async def test_of_very_many_users_the_first_are_named(
    admin: AdminFactory, users: int, listed: int, end: str
) -> None:
    client = await admin()
    rules = [{"key": f"r{n:03}", "placements": ["p"], "deliver": {"experiment": "e"}} for n in range(users)]
    await replace(client, {"experiments": [{"key": "e", "arms": [{"key": "a"}]}], "rules": rules})
    body = said(await delete(client, "experiments/e"), 409)
    assert len(body["errors"]) == listed
    assert body["detail"].endswith(end)


async def test_another_sites_users_are_nobodys(admin: AdminFactory) -> None:
    ours, theirs = await admin(), await admin()
    await replace(theirs, SHOP)
    await replace(ours, {**SHOP, "rules": []})
    assert (await delete(ours, "experiments/e")).status_code == 204
