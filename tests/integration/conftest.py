"""What tests over the real servers share."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from app.embedded.place import Place
from app.embedded.servers import start
from app.reporting.reporter import Reporter
from app.storage import node
from app.storage.postgres import Postgres
from app.storage.valkey import Valkey
from tests.counting import count_all
from tests.integration.embedded_place import nothing_runs, place_in
from tests.integration.filling import BEFORE, Filling
from tests.integration.planted import Planted
from tests.integration.ship_cases import Case
from tests.integration.shipped import shipping
from tests.integration.summed import WITH_EVERYTHING
from tests.sites import SiteFactory
from tests.waiting import PATIENCE_S


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that stands still for a moment is no reason not to get in."""
    monkeypatch.setattr(node, "CONNECT_S", PATIENCE_S)


@pytest_asyncio.fixture
async def planted(postgres: Postgres, new_site: SiteFactory) -> Planted:
    """A site of one's own whose records a test plants itself."""
    return Planted(postgres, (await new_site()).site_id)


@pytest_asyncio.fixture
async def reporter(planted: Planted) -> AsyncIterator[Reporter]:
    """Somebody who counts, once the experiment is published."""
    await planted.publish(**WITH_EVERYTHING)
    reporter = Reporter(planted.postgres.pool)
    await count_all(reporter)
    yield reporter


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A folder in which embedded servers were made, for a whole module."""
    with place_in(tmp_path_factory.mktemp("embedded") / "data") as place:
        start(place.root).close()
        yield place


@pytest.fixture
def place(made: Place) -> Iterator[Place]:
    """A place where servers ran before, and none run."""
    assert nothing_runs(made)
    yield made
    assert nothing_runs(made)


@pytest.fixture
def new_place(tmp_path: Path) -> Iterator[Place]:
    """A place of the test's own, where nothing ever ran."""
    with place_in(tmp_path / "data") as place:
        yield place


@pytest_asyncio.fixture
async def case(postgres: Postgres, new_site: SiteFactory, tmp_path: Path) -> AsyncIterator[Case]:
    """A journal of one's own, and a site whose records it carries."""
    made = Case(postgres.pool, (await new_site()).site_id, tmp_path)
    yield made
    for journal in made.journals:
        journal.close()


@pytest_asyncio.fixture
async def filling(
    postgres: Postgres, valkey: Valkey, new_site: SiteFactory, tmp_path: Path
) -> AsyncIterator[Filling]:
    """A visitor of a site of one's own, and the ways of its profile."""
    with shipping(postgres.pool, (await new_site()).site_id, tmp_path, BEFORE) as shipped:
        yield Filling(shipped, valkey)
