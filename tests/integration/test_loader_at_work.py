"""What goes on while a large revision is compiled."""

import asyncio
from collections.abc import Mapping

import pytest
import pytest_asyncio

from app.rulesets.live import LiveRulesets, LiveSite
from app.rulesets.loader import RulesetLoader
from app.storage.postgres import Postgres
from tests.builders import document, rule
from tests.integration.publishing import publish
from tests.sites import SiteFactory

LARGE = document(
    rules=[
        rule(f"r{n}", audience={"condition": {"context.x": {"$gt": n}, "context.y": str(n)}})
        for n in range(1_000)
    ]
)


class WatchedRulesets(LiveRulesets):
    """Live rulesets that tell when somebody begins to bring them up to date."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = asyncio.Event()

    def all(self) -> Mapping[int, LiveSite]:
        self.begun.set()
        return super().all()


@pytest.fixture
def live() -> WatchedRulesets:
    return WatchedRulesets()


@pytest.fixture
def loader(postgres: Postgres, live: WatchedRulesets) -> RulesetLoader:
    return RulesetLoader(postgres.pool, live)


@pytest_asyncio.fixture
async def site(postgres: Postgres, new_site: SiteFactory, loader: RulesetLoader) -> int:
    """A site whose first revision is in force."""
    number = (await new_site()).site_id
    await publish(postgres, number, document())
    await loader.load()
    return number


def revision_of(live: LiveRulesets, site: int) -> int:
    ruleset = live.ruleset_of(site)
    return ruleset.revision if ruleset is not None else 0


async def test_what_was_in_force_stays_so_while_another_revision_is_compiled(
    loader: RulesetLoader, live: WatchedRulesets, postgres: Postgres, site: int
) -> None:
    await publish(postgres, site, LARGE)
    seen: list[int] = []

    loading = asyncio.create_task(loader.load())
    while not loading.done():
        seen.append(revision_of(live, site))
        await asyncio.sleep(0)

    await loading
    assert len(seen) > 20
    assert sorted(set(seen)) in ([1], [1, 2])
    assert seen == sorted(seen)
    assert revision_of(live, site) == 2


async def test_a_compilation_that_is_cancelled_leaves_nothing_behind(
    loader: RulesetLoader, live: WatchedRulesets, postgres: Postgres, site: int
) -> None:
    await publish(postgres, site, LARGE)

    for turns in range(0, 60, 3):
        live.begun.clear()
        loading = asyncio.create_task(loader.load())
        await live.begun.wait()
        for _ in range(turns):
            await asyncio.sleep(0)
        loading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await loading

    assert revision_of(live, site) == 1
    await loader.load()
    assert revision_of(live, site) == 2
