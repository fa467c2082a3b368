import asyncio
import logging

import pytest
import pytest_asyncio

from app.rulesets.live import LiveRulesets, LiveSite
from app.rulesets.loader import RulesetLoader
from app.storage.postgres import Postgres
from tests.builders import document, rule
from tests.integration.publishing import publish
from tests.sites import SiteFactory

BROKEN = document(rules=[rule("nowhere", placements=["no.such.placement"])])


@pytest.fixture
def live() -> LiveRulesets:
    return LiveRulesets()


@pytest.fixture
def loader(postgres: Postgres, live: LiveRulesets) -> RulesetLoader:
    return RulesetLoader(postgres.pool, live)


@pytest_asyncio.fixture
async def site(new_site: SiteFactory) -> int:
    return (await new_site()).site_id


def revision_of(live: LiveRulesets, site: int) -> int | None:
    ruleset = live.ruleset_of(site)
    return ruleset.revision if ruleset is not None else None


async def test_a_site_is_known_before_it_publishes_anything(
    loader: RulesetLoader, live: LiveRulesets, postgres: Postgres, site: int
) -> None:
    await loader.load()

    [row] = await postgres.pool.fetch(
        "SELECT key, identity_secret, preview_secret FROM sites WHERE id = $1", site
    )
    assert live.find(site) == LiveSite(site, row["key"], row["identity_secret"], None, row["preview_secret"])


async def test_the_latest_revision_is_in_force(
    loader: RulesetLoader, live: LiveRulesets, postgres: Postgres, site: int
) -> None:
    for _ in range(3):
        await publish(postgres, site, document())

    await loader.load()

    assert revision_of(live, site) == 3


async def test_what_did_not_change_is_not_compiled_again(
    loader: RulesetLoader, live: LiveRulesets, postgres: Postgres, site: int
) -> None:
    await publish(postgres, site, document())
    await loader.load()
    before = live.ruleset_of(site)

    await loader.load()

    assert live.ruleset_of(site) is before


async def test_a_site_that_is_gone_is_in_force_no_more(
    loader: RulesetLoader, live: LiveRulesets, postgres: Postgres, site: int
) -> None:
    await loader.load()
    await postgres.pool.execute("DELETE FROM sites WHERE id = $1", site)

    await loader.load()

    assert live.find(site) is None


@pytest.mark.parametrize("wrong", [BROKEN, {"rules": 5}, {"no_such_field": 1}])
async def test_a_revision_that_does_not_compile_leaves_the_one_before_in_force(
    loader: RulesetLoader, live: LiveRulesets, postgres: Postgres, site: int, wrong: dict[str, object]
) -> None:
    await publish(postgres, site, document())
    await loader.load()
    await publish(postgres, site, wrong)

    await loader.load()

    assert revision_of(live, site) == 1


class Complaints(logging.Handler):
    """What is logged in the task that listens: other services of this process look at the same database."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []
        self._task = asyncio.current_task()

    def emit(self, record: logging.LogRecord) -> None:
        if asyncio.current_task() is self._task:
            self.heard.append(record.getMessage())


async def test_a_revision_that_does_not_compile_is_complained_about_once(
    loader: RulesetLoader, postgres: Postgres, site: int
) -> None:
    await publish(postgres, site, BROKEN)
    complaints, logger = Complaints(), logging.getLogger("app.rulesets.loader")
    logger.addHandler(complaints)

    await loader.load()
    await loader.load()

    logger.removeHandler(complaints)
    assert len([said for said in complaints.heard if f"of site {site} " in said]) == 1


async def test_the_revision_after_one_that_does_not_compile_is_taken(
    loader: RulesetLoader, live: LiveRulesets, postgres: Postgres, site: int
) -> None:
    await publish(postgres, site, BROKEN)
    await loader.load()
    await publish(postgres, site, document())

    await loader.load()

    assert revision_of(live, site) == 2
