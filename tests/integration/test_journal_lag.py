"""How far PostgreSQL is behind the journal, as a worker sees it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from shutil import rmtree
from time import time

import asyncpg
import pytest

from app.embedded.servers import Servers
from app.journal import lag
from app.journal.frames import encode_frame
from app.journal.lag import JournalLag
from app.journal.streams import make_segment, make_stream
from app.kit.clock import ms_of, now
from app.storage.postgres import dsn_of
from tests.integration.ship_cases import Case
from tests.unit.journal.journalled import new_assignments, new_events, segments


def lag_of(case: Case) -> JournalLag:
    return JournalLag(case.journal_dir, case.pool)


def ago_ms(seconds: int) -> int:
    return ms_of(now()) - seconds * 1_000


async def test_nothing_lags_in_a_folder_that_is_not_there(case: Case, tmp_path: Path) -> None:
    found = JournalLag(tmp_path / "nothing", case.pool)
    await found.look()
    assert (found.bytes, found.seconds) == (0, 0.0)


async def test_what_is_not_stored_lags_from_when_it_was_taken(case: Case) -> None:
    journal, found = case.new_journal(segment_bytes=1_000), lag_of(case)
    await journal.append(new_events(case.site, 3, at_ms=ago_ms(7_000), received_ms=ago_ms(100)))
    await journal.append(new_events(case.site, 3))
    await found.look()
    assert len(segments(case.journal_dir)) == 2
    assert found.bytes == journal.bytes
    assert 100 <= found.seconds < 7_000


async def test_what_is_stored_does_not_lag(case: Case) -> None:
    journal, found = case.new_journal(), lag_of(case)
    await journal.append(new_events(case.site, 3, received_ms=ago_ms(1_000)))
    await case.shipper.ship_once()
    await found.look()
    assert (found.bytes, found.seconds) == (0, 0.0)
    before = journal.bytes
    await journal.append(new_assignments(case.site, 1, at_ms=ago_ms(50)))
    await found.look()
    assert found.bytes == journal.bytes - before
    assert 50 <= found.seconds < 1_000


async def test_each_stream_lags_by_itself_and_the_eldest_record_counts(case: Case) -> None:
    for seconds in (50, 100):
        await case.new_journal().append(new_events(case.site, 1, received_ms=ago_ms(seconds)))
    found = lag_of(case)
    await found.look()
    assert found.seconds >= 100
    assert found.bytes == sum(path.stat().st_size for path in segments(case.journal_dir))


@pytest.mark.parametrize("first", [b"\0\0\0\x09torn", bytes(20)])
async def test_what_is_no_record_has_a_size_and_no_age(case: Case, first: bytes) -> None:
    folder, _ = make_stream(case.journal_dir)
    os.write(make_segment(folder, 1), first)
    found = lag_of(case)
    await found.look()
    assert (found.bytes, found.seconds) == (len(first), 0.0)


async def test_a_clock_that_went_back_makes_no_lag_negative(case: Case) -> None:
    await case.new_journal().append(new_events(case.site, 1, received_ms=round(time() * 1_000) + 60_000))
    found = lag_of(case)
    await found.look()
    assert found.seconds == 0.0


@asynccontextmanager
async def own_pool(servers: Servers) -> AsyncIterator[asyncpg.Pool]:
    pool = await asyncpg.create_pool(dsn_of(servers.database_url), min_size=0)
    try:
        yield pool
    finally:
        await pool.close()


async def test_without_a_server_the_lag_rests_on_what_it_said_last(case: Case, servers: Servers) -> None:
    journal = case.new_journal()
    await journal.append(new_events(case.site, 3))
    await case.shipper.ship_once()
    async with own_pool(servers) as pool:
        found = JournalLag(case.journal_dir, pool)
        await found.look()
    more = new_events(case.site, 1)
    await journal.append(more)
    await found.look()
    assert found.bytes == len(encode_frame(more[0]))


async def test_a_server_that_hangs_is_not_waited_for(
    case: Case, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lag, "PATIENCE_S", 0.05)
    journal = case.new_journal()
    await journal.append(new_events(case.site, 1))
    async with own_pool(servers) as pool, case.pool.acquire() as other, other.transaction():
        await other.execute("LOCK TABLE journal_positions IN ACCESS EXCLUSIVE MODE")
        found = JournalLag(case.journal_dir, pool)
        await found.look()
    assert found.bytes == journal.bytes


async def test_what_is_removed_while_it_is_looked_at_is_no_error(case: Case) -> None:
    class Removing:
        """A pool whose question takes as long as the shipper needs to finish the stream."""

        async def fetch(self, *_: object) -> list[object]:
            rmtree(case.journal_dir)
            return []

    await case.new_journal().append(new_events(case.site, 1))
    found = JournalLag(case.journal_dir, Removing())  # type: ignore[arg-type] # all that is asked of a pool
    await found.look()
    assert found.seconds == 0.0
