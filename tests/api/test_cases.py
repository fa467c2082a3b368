"""The decision cases, through the whole service over HTTP."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Any, TypeAlias

import httpx
import msgspec
import pytest
import pytest_asyncio

from app.embedded.servers import Servers
from app.main import create_app
from app.settings import Settings
from tests.api.answers import CONFIG_URL, REVISIONS_URL
from tests.builders import NOW
from tests.case_files import FILES, Case, check, each_case
from tests.serving import running
from tests.sites import SiteFactory
from tests.waiting import until

Ask: TypeAlias = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]
EVERYTHING = {"personalization": True, "analytics": True}
STRANGER = {
    "visitor": {"id": "whoever"},
    "placements": ["home.hero"],
    "consent": dict.fromkeys(EVERYTHING, False),
}


class Clock:
    """A clock that shows what it is set to."""

    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture(scope="module")
async def service(
    servers: Servers, clock: Clock, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(
        database_url=servers.database_url,
        redis_url=servers.redis_url,
        data_dir=tmp_path_factory.mktemp("service"),
        # However busy the machine is, no case may come out differently.
        profile_budget_ms=20_000,
    )
    async with running(create_app(settings, clock)) as client:
        yield client


@pytest_asyncio.fixture(scope="module")
async def sites(service: httpx.AsyncClient, new_site: SiteFactory) -> dict[str, Ask]:
    """Publish each file on a site of its own."""
    return {theme: await published(service, new_site, file.config) for theme, file in FILES.items()}


async def published(service: httpx.AsyncClient, new_site: SiteFactory, config: dict[str, Any]) -> Ask:
    site = await new_site()
    headers = {"Authorization": f"Bearer {site.secret_key}"}

    async def ask(path: str, body: dict[str, Any]) -> dict[str, Any]:
        response = await service.post(path, json=body, headers=headers)
        assert response.is_success, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def known() -> bool:
        return (await service.get(CONFIG_URL, headers=headers)).is_success

    async def in_force() -> bool:
        return bool((await ask("/decide", STRANGER))["revision"] == 1)

    await until(known)
    put = await service.put(CONFIG_URL, json=config, headers=headers)
    assert put.is_success, put.text
    await ask(REVISIONS_URL, {"comment": "the cases"})
    await until(in_force)
    return ask


@each_case
async def test_the_service_decides_as_the_case_says(
    sites: dict[str, Ask], clock: Clock, theme: str, case: Case
) -> None:
    ask = sites[theme]
    await happened(ask, clock, case)
    clock.now = case.now

    answer = await ask(
        "/decide",
        {
            **asked(case, list(case.placements), case.now),
            "context": msgspec.to_builtins(case.context),
            "consent": msgspec.to_builtins(case.consent),
            "events": msgspec.to_builtins(case.events),
        },
    )

    assert answer["degraded"] == []
    check(case.expect, {**answer, **answer["visitor"]})


async def happened(ask: Ask, clock: Clock, case: Case) -> None:
    """Let a visitor do what happened before the case, each step at its own instant."""
    for step in case.history:
        clock.now = step.at
        if step.decide is not None:
            await ask("/decide", {**asked(case, step.decide, step.at), "consent": EVERYTHING})
        else:
            events = msgspec.to_builtins(step.events)
            body = {"visitor": msgspec.to_builtins(case.who), "events": events, "consent": EVERYTHING}
            assert (await ask("/events", body))["accepted"] == step.times


def asked(case: Case, placements: list[str], at: datetime) -> dict[str, Any]:
    return {"visitor": msgspec.to_builtins(case.who), "placements": placements, "at": at.isoformat()}
