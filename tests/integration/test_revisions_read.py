"""Revisions read as plain JSON: crowds of objects that the garbage collector had better not search."""

import gc
from collections.abc import Iterator
from typing import Any

import pytest

from app.admin.revisions.repository import find_latest_number, load_plain
from app.storage.postgres import Postgres
from tests.integration.publishing import publish
from tests.sites import SiteFactory


@pytest.fixture
def full_collections() -> Iterator[list[int]]:
    """Have the collector search everything each time that something is made, and count how often it does."""
    before, found = gc.get_threshold(), list[int]()

    def note(phase: str, told: dict[str, Any]) -> None:
        if phase == "start" and told["generation"] == 2:
            found.append(1)

    # Full collections come only once a quarter of what outlived the last one is new.
    gc.freeze()
    gc.collect()
    gc.set_threshold(50, 1, 1)
    gc.callbacks.append(note)
    yield found
    gc.callbacks.remove(note)
    gc.set_threshold(*before)
    gc.unfreeze()


async def test_a_large_revision_is_read_without_a_full_collection(
    postgres: Postgres, new_site: SiteFactory, full_collections: list[int]
) -> None:
    site = (await new_site()).site_id
    written = {"rules": [{"key": f"r{n}", "deliver": {"variant": "a"}} for n in range(1_000)]}
    number = await publish(postgres, site, written)
    async with postgres.engine.begin() as connection:
        assert await find_latest_number(connection, site) == number
        full_collections.clear()

        assert await load_plain(connection, site, number) == written
    assert not full_collections
