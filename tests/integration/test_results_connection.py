import asyncio

import asyncpg
import pytest

from app.reporting.queries import snapshot
from app.reporting.question import Question
from app.reporting.results import load_results
from tests.builders import NOW
from tests.integration.planted import Planted


async def test_a_connection_that_breaks_is_said_to_and_never_handed_out_again(planted: Planted) -> None:
    await planted.publish()
    with pytest.raises(ConnectionError):
        await asked_over_a_broken_connection(planted)
    for _ in range(10):
        assert (await planted.results()).units == 0


async def asked_over_a_broken_connection(planted: Planted) -> None:
    async with planted.postgres.engine.begin() as session:
        driver = (await session.get_raw_connection()).driver_connection
        assert isinstance(driver, asyncpg.Connection)
        driver.terminate()
        await load_results(session, Question(site_id=planted.site_id, experiment="hero-copy"), NOW)


async def test_a_connection_that_breaks_on_the_way_is_said_to(planted: Planted) -> None:
    with pytest.raises(ConnectionError):
        async with planted.postgres.engine.begin() as session, snapshot(session) as connection:
            await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")


async def test_many_may_ask_at_once(planted: Planted) -> None:
    await planted.publish()
    await planted.assign("v")
    answers = await asyncio.gather(*(planted.results() for _ in range(30)))
    assert {answer.units for answer in answers} == {1}


async def test_nothing_can_be_changed_while_results_are_read(planted: Planted) -> None:
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with planted.postgres.engine.begin() as session, snapshot(session) as connection:
            await connection.execute("DELETE FROM assignments")


async def test_one_state_is_seen_throughout_whatever_arrives_meanwhile(planted: Planted) -> None:
    count = "SELECT count(*) FROM assignments WHERE site_id = $1"
    async with planted.postgres.engine.begin() as session, snapshot(session) as connection:
        before = await connection.fetchval(count, planted.site_id)
        await planted.assign("v")
        assert await connection.fetchval(count, planted.site_id) == before == 0


async def test_after_an_ordinary_error_the_connection_is_good_for_more(planted: Planted) -> None:
    with pytest.raises(asyncpg.UndefinedTableError):
        async with planted.postgres.engine.begin() as session, snapshot(session) as connection:
            await connection.execute("SELECT * FROM nowhere")
    await planted.publish()
    assert (await planted.results()).units == 0
