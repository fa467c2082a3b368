"""A site on the whole app, as its pages, its back office and its admins see it."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from app.admin.sites.service import NewSite
from app.api.parts import Parts
from app.api.public import PublicEdge
from app.engine.records import Assignment, Event, Record
from app.journal.append import FileJournal
from app.journal.frames import read_frames
from app.journal.streams import list_streams
from app.main import create_app
from app.settings import Settings
from app.storage.postgres import Postgres
from tests.builders import document
from tests.serving import running
from tests.sites import SiteFactory
from tests.waiting import until

Headers = Mapping[str, str]


class RunningEdge:
    """The whole app over the real servers, with a budget that a busy machine keeps to."""

    def __init__(self, app: PublicEdge, client: httpx.AsyncClient, settings: Settings) -> None:
        self.app = app
        self.client = client
        self.journal_dir = settings.journal_dir

    @property
    def parts(self) -> Parts:
        assert self.app.parts is not None
        return self.app.parts

    @property
    def journal(self) -> FileJournal:
        journal = self.parts.decide._journal
        assert isinstance(journal, FileJournal)
        return journal

    async def shop(self, new_site: SiteFactory, **fields: Any) -> "Shop":
        """Open a site of its own, with a revision of these fields."""
        shop = Shop(self, await new_site())
        await shop.is_known()
        await shop.publish(**fields)
        return shop

    def records(self, site: int) -> list[Record]:
        """Read what the journal keeps of a site."""
        segments = [segment for stream in list_streams(self.journal_dir) for segment in stream.segments]
        records = [record for segment in segments for record, _ in read_frames(segment.read_from(0))]
        return [record for record in records if record.site == site]


@asynccontextmanager
async def running_edge(
    postgres: Postgres, redis_url: str, data_dir: Path, *, directly: bool = False, **settings: Any
) -> AsyncIterator[RunningEdge]:
    database_url = postgres.engine.url.render_as_string(hide_password=False)
    said = {"database_url": database_url, "redis_url": redis_url, "profile_budget_ms": 5_000, **settings}
    # What chance keeps is not there to be counted.
    chosen = Settings(data_dir=data_dir, **{"decision_sample_percent": 0, **said})
    app = create_app(chosen)
    async with running(app, directly=directly) as client:
        yield RunningEdge(app, client, chosen)


class Shop:
    """One site: what its pages ask with the public key, what its servers ask with the secret one."""

    def __init__(self, edge: RunningEdge, site: NewSite) -> None:
        self.edge = edge
        self.site = site
        self.public = {"Authorization": f"Bearer {site.public_key}"}
        self.secret = {"Authorization": f"Bearer {site.secret_key}"}

    async def is_known(self) -> None:
        async def has_arrived() -> bool:
            return self.edge.parts.keyring.find(self.site.public_key) is not None

        await until(has_arrived)

    async def publish(self, **fields: Any) -> None:
        """Publish a document, and wait until it is in force."""
        client, headers = self.edge.client, {**self.secret, "If-Match": "*"}
        (await client.put("/api/v1/config", json=document(**fields), headers=headers)).raise_for_status()
        made = await client.post("/api/v1/revisions", json={"comment": "a test"}, headers=headers)
        number = made.raise_for_status().json()["number"]

        async def is_in_force() -> bool:
            ruleset = self.edge.parts.rulesets.ruleset_of(self.site.site_id)
            return ruleset is not None and ruleset.revision == number

        await until(is_in_force)

    async def post(self, path: str, content: Any = None, headers: Headers | None = None) -> httpx.Response:
        """Send content as it is, under the public key unless the headers say otherwise."""
        return await self.edge.client.post(
            path, content=content, headers=self.public if headers is None else headers
        )

    async def decide(self, headers: Headers | None = None, **body: Any) -> httpx.Response:
        """Ask for `home.hero` for the visitor `v-1`, unless the body says otherwise."""
        asked = {"visitor": {"id": "v-1"}, "placements": ["home.hero"], **body}
        return await self.post("/decide", json.dumps(asked), headers)

    async def send(self, *events: Any, headers: Headers | None = None, **body: Any) -> httpx.Response:
        """Send events of the visitor `v-1`."""
        return await self.post(
            "/events", json.dumps({"visitor": {"id": "v-1"}, "events": events, **body}), headers
        )

    @property
    def records(self) -> list[Record]:
        return self.edge.records(self.site.site_id)

    @property
    def events(self) -> list[Event]:
        return [record for record in self.records if isinstance(record, Event)]

    @property
    def assignments(self) -> list[Assignment]:
        return [record for record in self.records if isinstance(record, Assignment)]
