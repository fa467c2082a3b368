"""What the README shows of results in a notebook, run as it is written there."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from app.reporting.reporter import Reporter
from app.storage.postgres import Postgres
from app.web.keyring import Keyring
from tests.builders import HOUR, experiment
from tests.counting import count_all
from tests.integration.planted import Planted
from tests.sites import SiteFactory
from tests.unit.reporting.counted import orders

README = Path(__file__).parents[2] / "README.md"
UNITS = 20


def lines() -> str:
    """The block of code under the README's heading."""
    _, _, section = README.read_text().partition("## Results in a notebook\n")
    block = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert block is not None
    return block[1]


@asynccontextmanager
async def listening(app: FastAPI) -> AsyncIterator[str]:
    """Serve an app over HTTP; answers its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            # Cancelled, it would leave the loop with a closed socket, and deaf to the next with its number.
            server.should_exit = True
            await serving


async def some_act(planted: Planted) -> None:
    """Give units arms, and let every fourth of them order."""
    judged = experiment(phase=1, status="running", primary_metric="orders")
    await planted.publish(metrics=[orders()], experiments=[judged])
    for i in range(UNITS):
        await planted.assign(f"v-{i}", ("control", "treatment")[i % 2], stage="awareness")
        if i % 4 == 0:
            await planted.event(f"v-{i}", HOUR)
    await count_all(Reporter(planted.postgres.pool))


async def test_the_lines_of_the_readme_load_results_and_units(
    admin_app: FastAPI,
    keyring: Keyring,
    new_site: SiteFactory,
    postgres: Postgres,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert len(lines().splitlines()) == 5
    site, loaded = await new_site(), dict[str, Any]()
    await some_act(Planted(postgres, site.site_id))
    await keyring.load(postgres.pool)
    monkeypatch.setenv("ADMIN_KEY", site.secret_key)
    async with listening(admin_app) as address:
        code = lines().replace("http://127.0.0.1:8000", address)
        await asyncio.to_thread(exec, code, loaded)
    results, units, by_arm = loaded["results"], loaded["units"], loaded["by_arm"]
    overall = results[results["by"].isna()]
    assert list(overall["arm"]) == ["control", "treatment"]
    assert units.height == overall["units"].sum() == by_arm["units"].sum() == UNITS
    assert units["orders"].sum() == overall["sum"].sum() == UNITS // 4
    assert list(by_arm["orders"]) == pytest.approx(list(overall["mean"]))
    assert set(results["significant"].dropna()) == {False}
