"""The real service in this process, once for each way to keep a journal."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Literal
from unittest.mock import patch

import uvicorn

from app.admin.sites.service import NewSite
from app.api.public import PublicEdge
from app.engine.records import Record
from app.journal.append import FileJournal
from app.kit.listener import config_of
from app.main import create_app
from app.settings import Settings
from loadtests.speed.sites import Ground, draft, publish
from tests.serving import running

_QUIET = {"version": 1, "disable_existing_loggers": False}
# A machine that is busy with others is no reason to decide without a profile.
PATIENT_MS = 5_000


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
async def hosted(ground: Ground) -> AsyncIterator[dict[str, Host]]:
    """Run the service by the names of its journals, all over the same servers, with every site published."""
    async with AsyncExitStack() as stack:
        process = create_app(_settings(ground, "process"))
        client = await stack.enter_async_context(running(process))
        for rules, site in ground.sites.items():
            await draft(client, site, rules)
            await publish(client, site)
        group, none = (create_app(_settings(ground, sync)) for sync in ("group", "process"))
        await stack.enter_async_context(running(group))
        with patch("app.main.FileJournal", Forgetful):
            await stack.enter_async_context(running(none))
        edges = {"process": process, "group": group, "none": none}
        yield {mode: Host(edge, ground.sites) for mode, edge in edges.items()}


def _settings(ground: Ground, sync: Literal["process", "group"]) -> Settings:
    return Settings(
        journal_sync=sync,
        data_dir=ground.folder,
        database_url=ground.servers.database_url,
        redis_url=ground.servers.redis_url,
        profile_budget_ms=PATIENT_MS,
    )
