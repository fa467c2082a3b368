"""Every role and every operation: who may do it can, and who may not is refused."""

from enum import IntEnum
from typing import TypeAlias

import pytest
import pytest_asyncio

from app.storage.postgres import Postgres
from tests.api.furnished import Furnished, furnish
from tests.api.named import KINDS, Names, body_of, names_of
from tests.api.operations import Operation, each, operations
from tests.shop import RunningEdge
from tests.sites import SiteFactory
from tests.waiting import until


class Level(IntEnum):
    """Who asks, the one who may least first; each may do all that those before may."""

    ANYBODY = 0
    PUBLIC = 1
    VIEWER = 2
    EDITOR = 3
    PUBLISHER = 4
    ADMIN = 5


_LISTS = (*KINDS, "placements/{placement}/variants")
_LEAST: dict[Level, tuple[str, ...]] = {
    Level.ANYBODY: ("GET /livez", "GET /readyz", "GET /metrics"),
    Level.PUBLIC: ("POST /decide", "POST /events"),
    Level.VIEWER: (
        *(f"GET /api/v1/{path}" for path in _LISTS),
        *(f"GET /api/v1/{path}/{{key}}" for path in _LISTS),
        "GET /api/v1/site",
        "GET /api/v1/holdout",
        "GET /api/v1/config",
        "GET /api/v1/lint",
        "GET /api/v1/decisions/{decision_id}",
        "GET /api/v1/profiles/{visitor}",
        "POST /api/v1/preview",
        "POST /api/v1/experiments/plan",
        "GET /api/v1/experiments/{key}/results",
        "GET /api/v1/experiments/{key}/export",
        "GET /api/v1/experiments/{key}/overlap",
        "GET /api/v1/revisions",
        "GET /api/v1/revisions/{number}",
        "GET /api/v1/revisions/{version}/diff",
        "GET /api/v1/revisions/scheduled",
        "GET /api/v1/revisions/scheduled/{schedule_id}",
        "POST /api/v1/revisions/impact",
        "GET /api/v1/revisions/impact/{run}",
        "DELETE /api/v1/revisions/impact/{run}",
        "GET /api/v1/segments/{key}/size",
        "GET /api/v1/segment-sizes",
        "GET /api/v1/segment-overlap",
        "GET /api/v1/journeys/{key}/stages/sizes",
    ),
    Level.EDITOR: (
        *(f"POST /api/v1/{path}" for path in _LISTS),
        *(f"{method} /api/v1/{path}/{{key}}" for path in _LISTS for method in ("PUT", "PATCH", "DELETE")),
        "PATCH /api/v1/site",
        "PATCH /api/v1/holdout",
        "PUT /api/v1/config",
        "POST /api/v1/revisions/{number}/restore",
        "POST /api/v1/preview-links",
        "DELETE /api/v1/preview-links",
        "PATCH /api/v1/profiles/{visitor}",
        "DELETE /api/v1/profiles/{visitor}/identity/{user_id}",
    ),
    Level.PUBLISHER: (
        "POST /api/v1/revisions",
        "DELETE /api/v1/revisions/scheduled/{schedule_id}",
        "DELETE /api/v1/profiles/{visitor}",
    ),
    Level.ADMIN: (
        "GET /api/v1/audit",
        "GET /api/v1/keys",
        "POST /api/v1/keys",
        "GET /api/v1/keys/{key_id}",
        "PATCH /api/v1/keys/{key_id}",
        "DELETE /api/v1/keys/{key_id}",
        "POST /api/v1/keys/{key_id}/rotate",
        "GET /api/v1/webhooks",
        "POST /api/v1/webhooks",
        "GET /api/v1/webhooks/{webhook_id}",
        "PATCH /api/v1/webhooks/{webhook_id}",
        "DELETE /api/v1/webhooks/{webhook_id}",
        "GET /api/v1/webhooks/{webhook_id}/deliveries",
        "POST /api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/resend",
        "POST /api/v1/webhooks/{webhook_id}/ping",
        "POST /api/v1/webhooks/{webhook_id}/rotate",
    ),
}
LEAST = {name: level for level, names in _LEAST.items() for name in names}

Keys: TypeAlias = dict[Level, str | None]
Named: TypeAlias = dict[str, Names]


@pytest_asyncio.fixture(scope="module")
async def site(shipped_edge: RunningEdge, new_site: SiteFactory, postgres: Postgres) -> Furnished:
    return await furnish(shipped_edge, await new_site(), postgres, revisions=1)


@pytest_asyncio.fixture(scope="module")
async def keys(site: Furnished) -> Keys:
    """One key of each role, and the one of the site's pages."""
    made: Keys = {Level.ANYBODY: None, Level.PUBLIC: site.site.public_key}
    for level in (Level.VIEWER, Level.EDITOR, Level.PUBLISHER, Level.ADMIN):
        made[level] = await key_of(site, level.name.lower())
    return made


async def key_of(site: Furnished, role: str) -> str:
    """Make a key, and wait until it is known."""
    made = (await site.admin("POST", "/keys", json={"name": f"the {role}", "role": role})).json()

    async def is_known() -> bool:
        return site.edge.parts.keyring.find(made["key"]) is not None

    await until(is_known)
    return str(made["key"])


@pytest_asyncio.fixture(scope="module")
async def named(site: Furnished) -> Named:
    """What there is to name for each operation."""
    await site.reset()
    return {operation.name: await names_of(site, operation) for operation in operations()}


async def asked(site: Furnished, operation: Operation, named: Named, key: str | None) -> int:
    names = named[operation.name]
    return (await site.ask(operation, names, key, body_of(site, operation, names))).status_code


def test_of_every_operation_is_said_who_may_do_it() -> None:
    assert {operation.name for operation in operations()} == LEAST.keys()
    assert sum(map(len, _LEAST.values())) == len(LEAST)


@each(*operations())
async def test_who_may_can(site: Furnished, keys: Keys, operation: Operation) -> None:
    for level in Level:
        if level >= LEAST[operation.name]:
            await site.reset()
            names = await names_of(site, operation)
            answer = await site.ask(operation, names, keys[level], body_of(site, operation, names))
            assert answer.status_code in operation.successes, (level.name, answer.text)


@pytest.mark.parametrize("level", [*Level][:-1], ids=lambda level: level.name)
async def test_who_may_not_is_refused_and_nothing_happens(
    site: Furnished, keys: Keys, named: Named, level: Level
) -> None:
    refused = [operation for operation in operations() if LEAST[operation.name] > level]
    before = await site.footprint()
    answers = {operation.name: await asked(site, operation, named, keys[level]) for operation in refused}
    assert answers == dict.fromkeys(answers, 401 if level is Level.ANYBODY else 403)
    assert await site.footprint() == before


@pytest.mark.parametrize("key", ["sk_nobodys", "pk_nobodys", ""])
async def test_a_key_that_nobody_has_opens_nothing(site: Furnished, named: Named, key: str) -> None:
    refused = [operation for operation in operations() if LEAST[operation.name] > Level.ANYBODY]
    before = await site.footprint()
    answers = {operation.name: await asked(site, operation, named, key) for operation in refused}
    assert answers == dict.fromkeys(answers, 401)
    assert await site.footprint() == before


@each(*(operation for operation in operations() if LEAST[operation.name] > Level.ANYBODY))
def test_the_document_says_that_a_key_is_needed_and_may_be_refused(operation: Operation) -> None:
    assert operation.told["security"] in ([{"secret key": []}], [{"public key": []}])
    assert {"401", "403"} <= operation.told["responses"].keys()
