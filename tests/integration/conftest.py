"""What tests over the real servers share."""

import pytest_asyncio

from app.storage.postgres import Postgres
from tests.integration.planted import Planted
from tests.sites import SiteFactory


@pytest_asyncio.fixture
async def planted(postgres: Postgres, new_site: SiteFactory) -> Planted:
    """A site of one's own whose records a test plants itself."""
    return Planted(postgres, (await new_site()).site_id)
