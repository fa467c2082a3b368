"""A record that was answered is in PostgreSQL exactly once, whatever dies in between."""

import asyncio
import sys

import pytest

from app.embedded.servers import Servers
from app.engine.records import Record
from tests.integration.ship_cases import LOST, Case, Wire, die, ids_of, until
from tests.unit.journal.journalled import new_assignments, new_events, new_rest


def some_records(site: int) -> list[Record]:
    return [*new_events(site, 3), *new_assignments(site, 3), *new_rest(site)]


async def stored(case: Case) -> list[str]:
    return sorted(await case.events() + await case.decisions() + await case.rest())


@pytest.mark.parametrize("cut", ["before", "after"])
async def test_a_commit_whose_answer_never_came_is_not_repeated(
    case: Case, servers: Servers, cut: str
) -> None:
    sent = some_records(case.site)
    await case.new_journal().append(sent)
    async with Wire(servers.database_url, cut).pool() as pool:
        shipper = case.new_shipper(pool)
        with pytest.raises(LOST):
            await shipper.ship_once()
        assert await stored(case) == ([] if cut == "before" else ids_of(sent))
        assert await shipper.ship_once() == (12 if cut == "before" else 0)
    assert await stored(case) == ids_of(sent)
    assert shipper.lag_bytes == 0


async def test_a_connection_that_dies_in_a_batch_leaves_nothing_of_it(case: Case) -> None:
    sent = some_records(case.site)
    await case.new_journal().append(sent)
    case.fold.next_time(die)
    with pytest.raises(LOST):
        await case.shipper.ship_once()
    assert await stored(case) == []
    assert await case.shipper.ship_once() == 12
    assert await stored(case) == ids_of(sent)
    assert case.fold.records == sent


async def test_a_shipper_that_starts_goes_on_where_the_last_one_was(case: Case) -> None:
    journal, sent = case.new_journal(), new_events(case.site, 4)
    await journal.append(sent[:2])
    await case.shipper.ship_once()
    await journal.append(sent[2:])
    assert await case.new_shipper().ship_once() == 2
    assert case.fold.batches == [sent[:2], sent[2:]]


async def test_shippers_that_take_turns_store_nothing_twice(case: Case) -> None:
    journal, shippers = case.new_journal(), [case.shipper, case.new_shipper()]
    sent = some_records(case.site)
    for turn, record in enumerate(sent):
        await journal.append([record])
        assert await shippers[turn % 2].ship_once() == 1
    assert case.fold.records == sent


async def test_two_shippers_at_once_store_nothing_twice(case: Case) -> None:
    sent = some_records(case.site)
    for record in sent:
        await case.new_journal().append([record])
    shipped = await asyncio.gather(*(case.new_shipper().ship_once() for _ in range(3)))
    assert sorted(shipped) == [0, 0, 12]
    assert case.fold.records == sent


async def test_a_position_that_was_wound_back_makes_nothing_twice(case: Case) -> None:
    journal, sent = case.new_journal(), some_records(case.site)
    await journal.append(sent)
    await case.shipper.ship_once()
    await case.wind_back()
    more = some_records(case.site)
    await journal.append(more)
    await case.shipper.ship_once()
    assert await stored(case) == ids_of([*sent, *more])
    assert case.fold.records == [*sent, *more]
    assert (case.shipper.refused, case.kept()) == (0, [])


async def test_a_position_in_a_segment_that_is_gone_is_followed_by_the_first_there_is(case: Case) -> None:
    journal, sent = case.new_journal(segment_bytes=1), new_events(case.site, 3)
    for record in sent:
        await journal.append([record])
    await case.shipper.ship_once()
    await case.wind_back(segment=1, position=10)
    assert await case.new_shipper().ship_once() == 1
    assert case.fold.batches == [[record] for record in sent]


WRITER = """
import asyncio, sys
from pathlib import Path
from app.journal.append import FileJournal
from tests.unit.journal.journalled import new_assignments, new_events

async def write(folder, site):
    journal = FileJournal(Path(folder), segment_bytes=20_000)
    while True:
        records = [*new_events(int(site), 2), *new_assignments(int(site), 1)]
        await journal.append(records)
        print(records[0].id, records[1].id, records[2].decision_id, flush=True)

asyncio.run(write(*sys.argv[1:]))
"""

SHIPPER = """
import asyncio, sys
from pathlib import Path
import asyncpg
from app.journal import ship
from app.storage.postgres import dsn_of

class Nothing:
    async def fold_in(self, connection, records, store):
        await store()

async def carry(folder, database_url):
    ship.BATCH_RECORDS = 7
    async with asyncpg.create_pool(dsn_of(database_url), min_size=1) as pool:
        while True:
            await ship.Shipper(Path(folder), pool, Nothing()).ship_once()

asyncio.run(carry(*sys.argv[1:]))
"""


async def run(script: str, *arguments: object) -> asyncio.subprocess.Process:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)


async def acknowledged(writer: asyncio.subprocess.Process, answers: int) -> list[str]:
    """Read what a writer answered until it is killed in the midst of its work."""
    assert writer.stdout is not None
    lines = [await writer.stdout.readline() for _ in range(answers)]
    writer.kill()
    lines += (await writer.stdout.read()).splitlines(keepends=True)
    await writer.wait()
    return sorted(word for line in lines if line.endswith(b"\n") for word in line.decode().split())


async def test_what_a_killed_writer_had_answered_is_there_once(case: Case) -> None:
    answered = await acknowledged(await run(WRITER, case.journal_dir, case.site), 200)
    await case.shipper.ship_once()
    found = await stored(case)
    assert set(answered) <= set(found)
    assert len(found) - len(answered) <= 3
    assert case.streams() == []


async def test_what_was_answered_is_there_once_however_often_the_shipper_is_killed(
    case: Case, servers: Servers
) -> None:
    writer = await run(WRITER, case.journal_dir, case.site)
    for kills in range(1, 4):
        shipper = await run(SHIPPER, case.journal_dir, servers.database_url)

        async def has_stored(so_much: int = 50 * kills) -> bool:
            return len(await case.events()) >= so_much

        await until(has_stored)
        shipper.kill()
        await shipper.wait()
    answered = await acknowledged(writer, 0)
    await case.shipper.ship_once()
    found = await stored(case)
    assert set(answered) <= set(found)
    assert len(found) == len(set(found)) <= len(answered) + 3
