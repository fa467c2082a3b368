"""The real service in this process, over embedded servers of its own: shops published, visitors known."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from unittest.mock import patch

import httpx
import uvicorn
from redis.asyncio import Redis

from app.admin.sites.service import NewSite, create_site
from app.api.public import PublicEdge
from app.embedded.servers import Servers, start
from app.engine.records import Record
from app.journal.append import FileJournal
from app.journal.streams import list_streams
from app.kit.clock import now
from app.kit.listener import config_of
from app.main import create_app
from app.settings import Settings
from app.storage.migrate import migrate
from app.storage.postgres import Postgres
from loadtests.speed.shop import shop
from loadtests.speed.visitors import fill, profiles
from tests.serving import running

_QUIET = {"version": 1, "disable_existing_loggers": False}


@dataclass(frozen=True)
class Host:
    """The service, and by their number of rules the sites it decides on."""

    edge: PublicEdge
    sites: Mapping[int, NewSite]

    def configured(self, *, plain: bool) -> uvicorn.Config:
        """Serve as `signpost serve` does, or `plain`: on uvicorn's own protocol, as an ASGI app like any."""
        config = config_of(lambda: self.edge, workers=1, drain_s=1, logging=_QUIET)
        if plain:
            config.http = "httptools"
        return config


class Forgetful(FileJournal):
    """A journal that keeps nothing."""

    async def append(self, records: Sequence[Record]) -> None:
        """Take the records, and forget them."""


@asynccontextmanager
async def hosted(folder: Path, visitors: Mapping[int, int]) -> AsyncIterator[dict[str, Host]]:
    """Run the service once for each way to keep a journal, by its name, over the same servers.

    `visitors` says how many are known on the site of so many rules.
    """
    servers = await asyncio.to_thread(start, folder)
    with closing(servers):
        await asyncio.to_thread(migrate, servers.database_url)
        sites = await _new_sites(servers, [*visitors])
        await _fill(servers, sites, visitors)
        async with AsyncExitStack() as stack:
            process = create_app(_settings(folder, servers, "process"))
            client = await stack.enter_async_context(running(process))
            for rules, site in sites.items():
                await _publish(client, site, rules)
            group, none = (create_app(_settings(folder, servers, sync)) for sync in ("group", "process"))
            await stack.enter_async_context(running(group))
            with patch("app.main.FileJournal", Forgetful):
                await stack.enter_async_context(running(none))
            edges = {"process": process, "group": group, "none": none}
            yield {mode: Host(edge, sites) for mode, edge in edges.items()}


def _settings(folder: Path, servers: Servers, sync: Literal["process", "group"]) -> Settings:
    """Say where the servers are, and that a busy machine is no reason to decide without a profile."""
    return Settings(
        journal_sync=sync,
        data_dir=folder,
        database_url=servers.database_url,
        redis_url=servers.redis_url,
        profile_budget_ms=5_000,
    )


def drop_shipped(journal_dir: Path) -> None:
    """Remove what was written and is complete, as if it were shipped: a full journal takes nothing more."""
    for stream in list_streams(journal_dir):
        for segment in stream.segments:
            if segment.closed:
                segment.path.unlink()


async def _new_sites(servers: Servers, sizes: Sequence[int]) -> dict[int, NewSite]:
    postgres = await Postgres.open(servers.database_url)
    async with postgres.engine.begin() as connection:
        sites = {rules: await create_site(connection, f"shop-{rules}") for rules in sizes}
    await postgres.close()
    return sites


async def _fill(servers: Servers, sites: Mapping[int, NewSite], visitors: Mapping[int, int]) -> None:
    async with Redis.from_url(servers.redis_url) as redis:
        for rules, site in sites.items():
            await fill(redis, site.site_id, range(visitors[rules]), profiles(rules, now()))


async def _publish(client: httpx.AsyncClient, site: NewSite, rules: int) -> None:
    """Publish, and wait until decisions follow what was published."""
    headers = {"Authorization": f"Bearer {site.secret_key}", "If-Match": "*"}
    draft = await client.put("/api/v1/config", json=shop(rules), headers=headers, timeout=60)
    draft.raise_for_status()
    made = await client.post("/api/v1/revisions", json={"comment": "bench"}, headers=headers, timeout=60)
    number: int = made.raise_for_status().json()["number"]
    asked = {"visitor": {"id": "nobody"}, "placements": ["none"]}
    async with asyncio.timeout(30):
        while (await client.post("/decide", json=asked, headers=headers)).json()["revision"] != number:  # noqa: ASYNC110 - only asking tells
            await asyncio.sleep(0.02)
