"""When something is missing, pages render all the same."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from app.embedded.servers import Servers
from app.main import create_app
from app.settings import Settings
from app.storage.postgres import Postgres
from tests.builders import delivering, experiment, segment
from tests.serving import edge_lifespan
from tests.shop import RunningEdge, Shop, running_edge
from tests.sites import SiteFactory

NOWHERE = "unix:///nowhere/valkey.sock"
VIEWED = segment("viewed", {"events.page_viewed.count": {"$gte": 1}})


async def testing(edge: RunningEdge, new_site: SiteFactory) -> Shop:
    return await edge.shop(
        new_site, segments=[VIEWED], experiments=[experiment()], rules=[delivering("hero-copy")]
    )


@pytest_asyncio.fixture
async def without_valkey(postgres: Postgres, new_site: SiteFactory, tmp_path: Path) -> AsyncIterator[Shop]:
    async with running_edge(postgres, NOWHERE, tmp_path) as edge:
        yield await testing(edge, new_site)


async def test_with_valkey_down_a_page_is_decided_and_nobody_enters_a_test(without_valkey: Shop) -> None:
    answer = await without_valkey.decide(events=[{"name": "page_viewed"}])

    body = answer.json()
    assert (answer.status_code, body["degraded"]) == (200, ["profile"])
    assert body["visitor"]["segments"] == ["viewed"]
    assert body["assignments"] == without_valkey.assignments == []
    assert len(without_valkey.events) == 1


async def test_with_valkey_down_events_are_accepted(without_valkey: Shop) -> None:
    answer = await without_valkey.send({"name": "page_viewed"})

    assert (answer.status_code, len(without_valkey.events)) == (202, 1)


async def test_what_is_down_is_told_and_the_process_stays_ready(without_valkey: Shop) -> None:
    answer = await without_valkey.edge.client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert answer.json()["parts"]["valkey"].startswith("down")
    assert answer.json()["parts"]["postgres"] == "ok"


@pytest_asyncio.fixture
async def own(
    servers: Servers, postgres: Postgres, new_site: SiteFactory, tmp_path: Path
) -> AsyncIterator[Shop]:
    """A shop on an app of its own, whose journal a test may fill."""
    async with running_edge(postgres, servers.redis_url, tmp_path) as edge:
        yield await testing(edge, new_site)


def fill(shop: Shop) -> None:
    shop.edge.journal._max_bytes = 0


async def test_with_a_full_journal_nobody_enters_a_test(own: Shop) -> None:
    fill(own)

    body = (await own.decide()).json()

    assert (body["degraded"], body["assignments"]) == (["journal"], [])
    assert body["placements"]["home.hero"]["reason"] == "default"


async def test_with_a_full_journal_a_known_arm_is_kept(own: Shop) -> None:
    before = (await own.decide()).json()["placements"]
    fill(own)

    body = (await own.decide()).json()

    assert body["placements"] == before
    assert (body["degraded"], body["assignments"]) == (["journal"], [])


async def test_with_a_full_journal_events_are_to_be_sent_again(own: Shop) -> None:
    fill(own)

    answer = await own.send({"name": "page_viewed", "id": "e-1"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")

    own.edge.journal._max_bytes = 2**30
    assert (await own.send({"name": "page_viewed", "id": "e-1"})).json()["accepted"] == 1


async def test_a_journal_that_cannot_be_opened_keeps_no_page_from_rendering(
    servers: Servers, postgres: Postgres, new_site: SiteFactory, tmp_path: Path
) -> None:
    (tmp_path / "journal").write_text("a file where the folder should be")
    async with running_edge(postgres, servers.redis_url, tmp_path) as edge:
        shop = await testing(edge, new_site)

        answer = await shop.decide()

        assert (answer.status_code, answer.json()["degraded"]) == (200, ["journal"])
        assert (await edge.client.get("/readyz")).json()["parts"]["journal"] == "down"


async def test_without_a_database_the_app_does_not_start(tmp_path: Path) -> None:
    settings = Settings(
        database_url="postgresql+asyncpg://u:p@127.0.0.1:1/x", redis_url=NOWHERE, data_dir=tmp_path
    )

    with pytest.raises(OSError, match="Connect call failed"):
        async with edge_lifespan(create_app(settings)):
            pass
