"""How a publish reaches a process that is busy deciding."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from app.decision.decide import Decide, Decided
from app.decision.page_load import PageLoad
from app.embedded.servers import Servers
from app.kit.tasks import background
from app.rulesets.live import LiveRulesets
from app.rulesets.loader import RulesetLoader
from app.rulesets.refresh import Refresh
from app.storage.postgres import Postgres, dsn_of
from tests.builders import document, placement
from tests.fakes import FakeJournal, FakeProfiles, decide_over
from tests.integration.publishing import publish
from tests.sites import SiteFactory
from tests.waiting import until

NEVER_S = 3_600.0
LISTENS = """
    SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1 AND state = 'idle' AND query LIKE 'LISTEN%')
"""
PLACEMENTS = ["home.hero", "home.banner", "cart.note"]


class Refreshed:
    """Live rulesets of one site, refreshed from PostgreSQL in the background."""

    def __init__(self, postgres: Postgres, servers: Servers, site: int) -> None:
        self.live = LiveRulesets()
        self.site = site
        self._postgres = postgres
        self._dsn = dsn_of(servers.database_url)
        self.load = RulesetLoader(postgres.pool, self.live).load

    def refresh(self, *, poll_s: float, reload: Callable[[], Awaitable[None]] | None = None) -> Refresh:
        return Refresh(self._dsn, reload or self.load, poll_s=poll_s)

    async def publish(self, text: str = "", *, tell: bool = False) -> int:
        contents = {"variants": [{"key": "default", "content": text}]}
        shown = [placement(key, **contents) for key in PLACEMENTS]
        return await publish(self._postgres, self.site, document(placements=shown), tell=tell)

    async def arrives(self, revision: int) -> None:
        async def has_arrived() -> bool:
            ruleset = self.live.ruleset_of(self.site)
            return ruleset is not None and ruleset.revision >= revision

        await until(has_arrived)

    async def listens(self, refresh: Refresh) -> int:
        """Wait until PostgreSQL has heard that it listens; answers the connection's process there."""

        async def is_listening() -> bool:
            connection = refresh._listening
            if connection is None or connection.is_closed():
                return False
            return bool(await self._postgres.pool.fetchval(LISTENS, connection.get_server_pid()))

        await until(is_listening)
        assert refresh._listening is not None
        return int(refresh._listening.get_server_pid())

    async def cut(self, process: int) -> None:
        assert await self._postgres.pool.fetchval("SELECT pg_terminate_backend($1, 20000)", process)


@pytest_asyncio.fixture
async def refreshed(postgres: Postgres, servers: Servers, new_site: SiteFactory) -> Refreshed:
    return Refreshed(postgres, servers, (await new_site()).site_id)


async def test_a_publish_arrives_as_soon_as_it_is_told(refreshed: Refreshed) -> None:
    refresh = refreshed.refresh(poll_s=NEVER_S)
    async with background(refresh.run()):
        await refreshed.listens(refresh)

        await refreshed.arrives(await refreshed.publish(tell=True))


async def test_a_publish_during_a_refresh_is_not_lost(refreshed: Refreshed) -> None:
    loaded, go_on = asyncio.Event(), asyncio.Event()

    async def reload() -> None:
        await refreshed.load()
        loaded.set()
        await go_on.wait()

    refresh = refreshed.refresh(poll_s=NEVER_S, reload=reload)
    async with background(refresh.run()):
        await refreshed.listens(refresh)
        await refreshed.publish(tell=True)
        await loaded.wait()
        last = await refreshed.publish(tell=True)
        go_on.set()

        await refreshed.arrives(last)


async def test_a_publish_that_nobody_hears_of_arrives_with_the_next_poll(refreshed: Refreshed) -> None:
    async with background(refreshed.refresh(poll_s=0.05).run()):
        await refreshed.arrives(await refreshed.publish())


async def test_a_publish_arrives_by_polling_when_the_listening_connection_is_cut(
    refreshed: Refreshed,
) -> None:
    refresh = refreshed.refresh(poll_s=0.2)
    async with background(refresh.run()):
        await refreshed.cut(await refreshed.listens(refresh))

        await refreshed.arrives(await refreshed.publish())


async def test_after_a_cut_it_listens_again(refreshed: Refreshed) -> None:
    refresh = refreshed.refresh(poll_s=0.05)
    async with background(refresh.run()):
        before = await refreshed.listens(refresh)
        await refreshed.cut(before)

        assert await refreshed.listens(refresh) != before


async def test_no_decision_fails_or_mixes_revisions_while_publishes_arrive(refreshed: Refreshed) -> None:
    decide = decide_over(FakeProfiles(), FakeJournal(), refreshed.live)
    page = PageLoad(site=refreshed.site, visitor="v-1", placements=PLACEMENTS)
    refresh = refreshed.refresh(poll_s=0.05)
    seen: list[Decided] = []
    async with background(refresh.run()), background(deciding(decide, page, seen)):
        for number in range(1, 11):
            await refreshed.publish(f"revision {number}", tell=True)
            if number == 5:
                await refreshed.cut(await refreshed.listens(refresh))
        await refreshed.arrives(10)
        await until_seen(seen, 10)

    assert all(texts(decided) == (expected(decided),) for decided in seen)


async def deciding(decide: Decide, page: PageLoad, seen: list[Decided]) -> None:
    while True:
        seen.append(await decide.decide(page, datetime.now(UTC)))


async def until_seen(seen: list[Decided], revision: int) -> None:
    async def has_been() -> bool:
        return seen[-1].decision.revision == revision

    await until(has_been)


def expected(decided: Decided) -> str | None:
    revision = decided.decision.revision
    return f"revision {revision}" if revision else None


def texts(decided: Decided) -> tuple[Any, ...]:
    """The different texts that the placements of one decision show."""
    return tuple({msgspec.json.decode(choice.content) for choice in decided.decision.placements.values()})


class Failing:
    """A reload that fails a few times before it works."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)
        self.worked = asyncio.Event()

    async def __call__(self) -> None:
        if self._errors:
            raise self._errors.pop(0)
        self.worked.set()


async def test_whatever_goes_wrong_with_a_refresh_the_next_one_comes(refreshed: Refreshed) -> None:
    wrong = [
        OSError("away"),
        asyncpg.PostgresError("sick"),
        asyncpg.InterfaceError("closed"),
        KeyError("role"),
    ]
    reload = Failing(*wrong)
    refresh = refreshed.refresh(poll_s=0.01, reload=reload)

    async with background(refresh.run()):
        await reload.worked.wait()

    assert refresh.failures == len(wrong)


@pytest.mark.parametrize("dsn", ["postgresql:///x?host=/nowhere", "postgresql://u:p@127.0.0.1:1/x"])
async def test_where_nobody_can_be_listened_to_polling_goes_on(dsn: str) -> None:
    reload = Failing()

    async with background(Refresh(dsn, reload, poll_s=0.01).run()):
        await reload.worked.wait()


async def test_a_refresh_that_ends_leaves_no_connection_behind(
    refreshed: Refreshed, postgres: Postgres
) -> None:
    refresh = refreshed.refresh(poll_s=NEVER_S)
    async with background(refresh.run()):
        process = await refreshed.listens(refresh)

    async def is_gone() -> bool:
        left = "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)"
        return bool(await postgres.pool.fetchval(left, process))

    await until(is_gone)


async def test_who_asks_for_it_waits_until_what_is_committed_is_loaded(refreshed: Refreshed) -> None:
    refresh = refreshed.refresh(poll_s=NEVER_S)
    async with background(refresh.run()):
        for _ in range(5):
            revision = await refreshed.publish()
            await refresh.catch_up(within_s=30)
            ruleset = refreshed.live.ruleset_of(refreshed.site)
            assert ruleset is not None
            assert ruleset.revision == revision


async def test_who_asks_while_something_is_loaded_waits_for_the_next_load(refreshed: Refreshed) -> None:
    going = asyncio.Event()
    loads: list[int] = []

    async def reload() -> None:
        loads.append(len(loads))
        await going.wait()

    refresh = refreshed.refresh(poll_s=NEVER_S, reload=reload)
    async with background(refresh.run()):
        first = asyncio.create_task(refresh.catch_up(within_s=30))
        await until_loading(loads, 1)
        second = asyncio.create_task(refresh.catch_up(within_s=30))
        await asyncio.sleep(0)
        going.set()
        await asyncio.gather(first, second)
    assert loads == [0, 1]


async def test_nobody_waits_longer_than_said(refreshed: Refreshed) -> None:
    never = asyncio.Event()

    async def reload() -> None:
        await never.wait()

    refresh = refreshed.refresh(poll_s=NEVER_S, reload=reload)
    async with background(refresh.run()):
        await refresh.catch_up(within_s=0.01)


async def until_loading(loads: list[int], count: int) -> None:
    async def is_loading() -> bool:
        return len(loads) == count

    await until(is_loading)
