"""The way of the journal to PostgreSQL, as long as nothing goes wrong."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from app.journal.append import FileJournal
from app.journal.ship import BATCH_RECORDS, Shipper
from app.kit.clock import instant_of
from app.storage.postgres import Postgres
from tests.integration.ship_cases import Remembering, decision_ids, event_ids
from tests.sites import SiteFactory
from tests.unit.journal.journalled import assignment, event, new_assignments, new_events


@pytest.fixture
def pool(postgres: Postgres) -> asyncpg.Pool:
    return postgres.pool


@pytest.fixture
def fold() -> Remembering:
    return Remembering()


@pytest_asyncio.fixture
async def site(new_site: SiteFactory) -> int:
    return (await new_site()).site_id


@pytest_asyncio.fixture
async def journal(tmp_path: Path) -> AsyncIterator[FileJournal]:
    opened = FileJournal(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def shipper(tmp_path: Path, pool: asyncpg.Pool, fold: Remembering) -> Shipper:
    return Shipper(tmp_path, pool, fold)


async def test_an_event_arrives_as_it_was(
    journal: FileJournal, shipper: Shipper, pool: asyncpg.Pool, site: int
) -> None:
    [sent] = new_events(site, 1, properties={"value": 59.9, "tags": ["a", None]}, trusted=True, results_only=True)
    await journal.append([sent])
    await shipper.ship_once()
    row = await pool.fetchrow("SELECT *, properties->>'value' AS value FROM events WHERE id = $1", sent.id)
    assert dict(row) | {"properties": None} == {
        "site_id": site,
        "id": sent.id,
        "visitor": "v-1",
        "name": "page_viewed",
        "properties": None,
        "value": "59.9",
        "at": instant_of(sent.at_ms),
        "received_at": instant_of(sent.received_ms),
        "trusted": True,
        "profile_only": False,
        "results_only": True,
    }


async def test_an_assignment_arrives_as_it_was(
    journal: FileJournal, shipper: Shipper, pool: asyncpg.Pool, site: int
) -> None:
    [sent] = new_assignments(site, 1)
    await journal.append([sent])
    await shipper.ship_once()
    query = "SELECT *, stages->>'purchase' AS purchase FROM assignments WHERE decision_id = $1"
    row = await pool.fetchrow(query, sent.decision_id)
    assert dict(row) | {"stages": None} == {
        "site_id": site,
        "decision_id": UUID(sent.decision_id),
        "experiment": "hero-copy",
        "unit": "v-1",
        "visitor": "v-1",
        "arm": "treatment",
        "phase": 1,
        "revision": 7,
        "first": True,
        "stage": "decision",
        "stages": None,
        "purchase": "decision",
        "segments": ["returning", "big, spender"],
        "device": "mobile",
        "country": None,
        "at": instant_of(sent.at_ms),
    }
