"""Embedded servers with a site for each number of rules, and how such a site is published."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import httpx
from redis.asyncio import Redis

from app.admin.sites.service import NewSite, create_site
from app.embedded.servers import Servers, start
from app.engine.profile import Profile
from app.journal.streams import list_streams
from app.kit.clock import now
from app.storage.migrate import migrate
from app.storage.postgres import Postgres
from loadtests.speed.shop import shop
from loadtests.speed.visitors import fill, profiles, store


@dataclass(frozen=True)
class Ground:
    """Where everything lies: a data folder, its servers, and by their number of rules the sites.

    Of each site a visitor has one of the profiles that are `known` there.
    """

    folder: Path
    servers: Servers
    sites: Mapping[int, NewSite]
    known: Mapping[int, Sequence[Profile]]

    async def know(self, rules: int, numbers: range) -> None:
        """Put profiles of visitors of a site into Valkey; whoever has one cached must read it anew."""
        async with Redis.from_url(self.servers.redis_url) as redis:
            await fill(redis, self.sites[rules].site_id, numbers, self.known[rules])

    def drop_shipped(self) -> None:
        """Remove the journal's complete segments as if shipped, since a full journal takes nothing more."""
        for stream in list_streams(self.folder / "journal"):
            for segment in stream.segments:
                if segment.closed:
                    segment.path.unlink()


@asynccontextmanager
async def prepared(folder: Path, visitors: Mapping[int, int]) -> AsyncIterator[Ground]:
    """Start the servers; `visitors` says how many are known on the site of so many rules."""
    servers = await asyncio.to_thread(start, folder)
    with closing(servers):
        await asyncio.to_thread(migrate, servers.database_url)
        known = {rules: profiles(rules, now()) for rules in visitors}
        ground = Ground(folder, servers, await _new_sites(servers, visitors, known), known)
        for rules, count in visitors.items():
            await ground.know(rules, range(count))
        yield ground


async def _new_sites(
    servers: Servers, visitors: Mapping[int, int], known: Mapping[int, Sequence[Profile]]
) -> dict[int, NewSite]:
    postgres = await Postgres.open(servers.database_url)
    async with postgres.engine.begin() as connection:
        sites = {rules: await create_site(connection, f"shop-{rules}") for rules in visitors}
    for rules, count in visitors.items():
        await store(postgres.pool, sites[rules].site_id, count, known[rules])
    await postgres.close()
    return sites


async def draft(client: httpx.AsyncClient, site: NewSite, rules: int) -> None:
    """Make the draft a shop with that many rules."""
    answer = await client.put("/api/v1/config", json=shop(rules), headers=_as_admin(site), timeout=120)
    answer.raise_for_status()


async def publish(client: httpx.AsyncClient, site: NewSite) -> None:
    """Publish the draft, and wait until decisions follow it."""
    headers = _as_admin(site)
    made = await client.post("/api/v1/revisions", json={"comment": "bench"}, headers=headers, timeout=120)
    number: int = made.raise_for_status().json()["number"]
    asked = {"visitor": {"id": "nobody"}, "placements": ["none"]}
    async with asyncio.timeout(60):
        while (await client.post("/decide", json=asked, headers=headers)).json()["revision"] != number:  # noqa: ASYNC110 - only asking tells
            await asyncio.sleep(0.02)


def _as_admin(site: NewSite) -> dict[str, str]:
    return {"Authorization": f"Bearer {site.secret_key}", "If-Match": "*"}
