"""Documents as PostgreSQL gives them back."""

from typing import Any

import pytest

from app.storage.documents import load_document
from app.storage.postgres import Postgres
from tests.builders import document, rule
from tests.integration.publishing import publish
from tests.sites import SiteFactory


async def kept(postgres: Postgres, site: int, written: dict[str, Any]) -> dict[str, Any]:
    number = await publish(postgres, site, written)
    async with postgres.pool.acquire() as connection, connection.transaction():
        return await load_document(connection, site, number)


@pytest.mark.parametrize(
    "written",
    [
        {},
        {"site": {"timezone": "UTC"}},
        {"rules": [], "site": {}},
        {"rules": 5, "site": None, "placements": {"a": []}},
        {"segments": [None, [], {"key": "ß", "condition": {"x": [1, 1.5, 10**30, True, "\\u"]}}]},
        document(rules=[rule("r"), rule("s")]),
    ],
)
async def test_a_document_is_read_as_it_was_written(
    postgres: Postgres, new_site: SiteFactory, written: dict[str, Any]
) -> None:
    assert await kept(postgres, (await new_site()).site_id, written) == written


async def test_a_long_list_keeps_its_order(postgres: Postgres, new_site: SiteFactory) -> None:
    written = {"rules": [{"key": f"r{n * 7_919 % 1_000}"} for n in range(1_000)]}

    assert await kept(postgres, (await new_site()).site_id, written) == written


async def test_no_document_is_mixed_with_that_of_another_site(
    postgres: Postgres, new_site: SiteFactory
) -> None:
    one, other = (await new_site()).site_id, (await new_site()).site_id

    await publish(postgres, one, document(rules=[rule("one")]))

    assert await kept(postgres, other, {"rules": [rule("other")]}) == {"rules": [rule("other")]}
