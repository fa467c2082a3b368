"""The processes that do runs: one on a host, and gone with whoever started them."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from app.admin.runs.claims import is_waiting
from app.admin.runs.starter import COMMAND, Orders, Starter
from app.embedded.servers import Servers
from app.kit.tasks import background
from app.storage.postgres import Postgres
from tests.integration.runs import Runs
from tests.sites import SiteFactory
from tests.waiting import lives, until, wait_until

SLEEPING = (
    "import os, pathlib, sys, time; pathlib.Path(sys.argv[1]).write_text(f'{os.getpid()} '); time.sleep(600)"
)


@pytest_asyncio.fixture
async def runs(postgres: Postgres, new_site: SiteFactory) -> Runs:
    await postgres.pool.execute("DELETE FROM runs")
    return Runs(postgres, (await new_site()).site_id)


def starter(runs: Runs, servers: Servers, lock: Path, *command: str) -> Starter:
    options: dict[str, Any] = {"command": command} if command else {}
    return Starter(runs.postgres.pool, servers.database_url, lock, poll_s=0.01, **options)


async def test_a_child_process_does_what_waits(runs: Runs, servers: Servers, tmp_path: Path) -> None:
    run = await runs.queue("impact", visitors=1, against="published", candidate="draft", placements=[])

    async def is_over() -> bool:
        return (await runs.get(run, "impact")).state == "failed"

    async with background(starter(runs, servers, tmp_path / "new" / "lock").run()):
        await until(is_over)

    error = (await runs.get(run, "impact")).error
    assert error is not None
    assert error["detail"] == "nothing is published yet"


async def ended(servers: Servers, parent_pid: int) -> subprocess.CompletedProcess[bytes]:
    """Run the child until it ends."""
    orders = msgspec.json.encode(Orders(servers.database_url, parent_pid))
    return await asyncio.to_thread(subprocess.run, COMMAND, input=orders, capture_output=True, check=False)


@pytest.mark.usefixtures("runs")
async def test_the_child_ends_when_nothing_waits(servers: Servers) -> None:
    assert (await ended(servers, os.getpid())).returncode == 0


@pytest.mark.usefixtures("runs")
async def test_a_child_whose_parent_is_gone_ends_itself(servers: Servers) -> None:
    assert (await ended(servers, parent_pid=os.getppid())).returncode == -signal.SIGTERM


async def test_whoever_starts_processes_takes_them_with_it(
    runs: Runs, servers: Servers, tmp_path: Path
) -> None:
    await runs.queue()
    written = tmp_path / "pid"
    async with background(
        starter(runs, servers, tmp_path / "lock", sys.executable, "-c", SLEEPING, str(written)).run()
    ):
        await asyncio.to_thread(wait_until, lambda: written.exists() and written.read_text().endswith(" "))
        child = int(written.read_text())
        assert lives(child)

    assert not lives(child)


async def test_two_on_one_host_start_one_process(runs: Runs, servers: Servers, tmp_path: Path) -> None:
    await runs.queue()
    command = (
        sys.executable,
        "-c",
        SLEEPING.replace("write_text(f", "open('a').write(f"),
        str(tmp_path / "pids"),
    )
    both = [starter(runs, servers, tmp_path / "lock", *command) for _ in range(2)]
    async with background(both[0].run()), background(both[1].run()):
        await asyncio.to_thread(wait_until, (tmp_path / "pids").exists)
        # Both have looked again by then, since each look is a question to the database.
        for _ in range(50):
            assert await is_waiting(runs.postgres.pool)
            await asyncio.sleep(0.01)

    assert len((tmp_path / "pids").read_text().split()) == 1


async def test_a_process_that_ends_badly_is_logged(
    runs: Runs, servers: Servers, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await runs.queue()

    async def is_logged() -> bool:
        return "ended with 3" in caplog.text

    async with background(
        starter(runs, servers, tmp_path / "lock", sys.executable, "-c", "raise SystemExit(3)").run()
    ):
        await until(is_logged)


async def test_a_lock_that_cannot_be_had_is_logged_and_tried_again(
    runs: Runs, servers: Servers, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await runs.queue()

    async def is_logged() -> bool:
        return "tried again" in caplog.text

    async with background(starter(runs, servers, tmp_path).run()):
        await until(is_logged)
