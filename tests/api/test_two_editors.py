"""Of those who change one thing at once, all having seen the same of it, one wins and the others hear so."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from httpx import AsyncClient

from app.storage.postgres import Postgres
from tests.api.answers import said
from tests.api.conftest import AdminFactory
from tests.api.resources import API, made
from tests.sites import SiteFactory

MANY, SOME = 500, 50
RULE: dict[str, Any] = {"key": "r", "placements": ["p"], "deliver": {"variant": "v"}}
HOOK = {"url": "https://shop.example/hooks", "events": ["revision.published"]}

# How often at once, by which method, what, and what the one of this number says.
Case: TypeAlias = tuple[int, str, str, Callable[[int], dict[str, Any]]]
CASES: list[Case] = [
    (MANY, "PUT", "rules/r", lambda n: {**RULE, "note": f"by {n}"}),
    (MANY, "PATCH", "rules/r", lambda n: {"note": f"by {n}"}),
    (SOME, "PUT", "placements/p/variants/v", lambda n: {"key": "v", "content": n}),
    (SOME, "PATCH", "placements/p/variants/v", lambda n: {"content": n}),
    (SOME, "PATCH", "site", lambda n: {"origins": [f"https://shop-{n}.example"]}),
    (SOME, "PATCH", "holdout", lambda n: {"salt": f"by {n}"}),
    (SOME, "PUT", "config", lambda n: {"rules": [{**RULE, "note": f"by {n}"}]}),
    (SOME, "PATCH", "keys/{key}", lambda n: {"name": f"by {n}"}),
    (SOME, "PATCH", "webhooks/{webhook}", lambda n: {"url": f"https://shop.example/{n}"}),
]


async def place_of(client: AsyncClient, path: str) -> str:
    """Make what a path leads to, and give its URL."""
    names = {}
    if path in {"rules/r", "config"}:
        await made(client, "rules", RULE)
    if path.startswith("placements"):
        await made(client, "placements", {"key": "p", "variants": [{"key": "v", "content": "old"}]})
    if path.startswith("keys"):
        names["key"] = (await client.post(f"{API}/keys", json={"name": "old", "role": "viewer"})).json()["id"]
    if path.startswith("webhooks"):
        names["webhook"] = (await client.post(f"{API}/webhooks", json=HOOK)).json()["id"]
    return f"{API}/{path.format(**names)}"


@pytest.mark.parametrize("case", CASES, ids=[f"{case[1]} {case[2]}" for case in CASES])
async def test_exactly_one_wins_and_all_others_hear_what_is_there_now(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres, case: Case
) -> None:
    writers, method, path, change = case
    site = await new_site()
    client = await admin(site=site)
    url = await place_of(client, path)
    seen = {"If-Match": (await client.get(url)).headers["etag"]}
    audit = "SELECT count(*) FROM audit WHERE site_id = $1"
    before = await postgres.pool.fetchval(audit, site.site_id)

    answers = await asyncio.gather(
        *(client.request(method, url, json=change(n), headers=seen) for n in range(writers))
    )

    (winner,) = [n for n, answer in enumerate(answers) if answer.is_success]
    for loser in (*answers[:winner], *answers[winner + 1 :]):
        said(loser, 412)
    now = await client.get(url)
    assert {answer.headers["etag"] for answer in answers} == {now.headers["etag"]}
    assert now.json().items() >= change(winner).items()
    assert await postgres.pool.fetchval(audit, site.site_id) == before + 1


@pytest.mark.parametrize(
    ("method", "path", "how", "status"),
    [
        ("POST", "segments", {}, 409),
        ("PUT", "segments/s", {}, 428),
        ("PUT", "segments/s", {"If-None-Match": "*"}, 412),
    ],
)
async def test_of_those_who_make_one_thing_at_once_one_does_and_the_others_hear_that_it_is_there(
    admin: AdminFactory, method: str, path: str, how: dict[str, str], status: int
) -> None:
    client = await admin()
    asked = (
        client.request(method, f"{API}/{path}", json={"key": "s", "condition": {"traits.n": n}}, headers=how)
        for n in range(SOME)
    )
    answers = await asyncio.gather(*asked)
    assert sorted(answer.status_code for answer in answers) == [201] + [status] * (SOME - 1)
