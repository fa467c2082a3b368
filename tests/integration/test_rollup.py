"""The tables that results are answered from, against the raw rows they are counted from."""

import random
from contextlib import aclosing
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from app.engine.records import ConsentSaid, Event, Merge
from app.kit.clock import ms_of
from app.kit.ids import id_at
from app.reporting.definition import load_definition
from app.reporting.marks import Marking
from app.reporting.reporter import Reporter
from app.reporting.rollup import sums_of as summed_up
from app.reporting.unit_rows import stream_units
from tests.builders import DAY, HOUR, experiment
from tests.counting import count_all
from tests.integration.planted import LONG_AGO, Planted
from tests.integration.summed import WITH_EVERYTHING, from_raw_rows, held
from tests.sites import SiteFactory
from tests.unit.reporting.counted import orders


async def test_sums_are_those_of_the_raw_rows(planted: Planted, reporter: Reporter) -> None:
    await planted.assign("v", stage="awareness", segments=["new"])
    await planted.event("v", HOUR, value=10)
    await planted.event("v", -HOUR, value=3)
    await planted.event("v", 2 * HOUR, name="page_viewed")
    await planted.mark("v")
    assert await reporter.turn() == 1
    counted = await held(planted)
    assert counted == await from_raw_rows(planted)
    [everyone] = [found for cell, found in counted.items() if not cell.cut]
    # Orders: x and x². Their count: the same. Revenue: x, c, x², xc, c². Per view: x, y, x², xy, y².
    assert everyone == (1, 0, [1, 1, 1, 1, 10, 3, 100, 30, 9, 10, 1, 100, 10, 1])


async def test_numbers_that_nobody_means_stop_no_counting_and_leave_no_trace(
    planted: Planted, reporter: Reporter
) -> None:
    await planted.assign("v")
    await planted.event("v", HOUR, value=19.9)
    await planted.mark("v")
    await reporter.turn()
    before = await held(planted)
    await planted.assign("odd")
    for value in (1.7e308, 1.7e308, 1e15, 1e15, 1e-300, 0.1, 0.2):
        await planted.event("odd", HOUR, value=value)
    await planted.mark("odd")
    assert await reporter.turn() == 1
    assert await held(planted) == await from_raw_rows(planted) != before
    await planted.postgres.pool.execute(
        "DELETE FROM assignments WHERE site_id = $1 AND unit = 'odd'", planted.site_id
    )
    await planted.mark("odd")
    assert await reporter.turn() == 1
    assert await held(planted) == before


async def test_whatever_comes_in_whatever_order_the_sums_follow(planted: Planted, reporter: Reporter) -> None:
    rng = random.Random(7)  # noqa: S311 - drawing what happens is not cryptography
    visitors = [f"v{i}" for i in range(12)]
    for _ in range(8):
        for visitor in rng.sample(visitors, 5):
            match rng.randrange(4):
                case 0:
                    at = LONG_AGO + rng.randrange(-5, 5) * DAY
                    await planted.assign(visitor, rng.choice(["control", "treatment"]), at)
                case 1:
                    await planted.merge(visitor, f"u{rng.randrange(3)}", rng.randrange(9) * DAY)
                case _:
                    await planted.event(visitor, rng.randrange(-20, 20) * DAY + HOUR, value=rng.randrange(90))
            await planted.mark(visitor)
        assert await reporter.turn() == 5
        assert await held(planted) == await from_raw_rows(planted)


async def test_experiments_whose_sums_are_not_those_of_raw_rows_are_named(
    planted: Planted, reporter: Reporter
) -> None:
    name = f"{planted.site_id}/hero-copy"
    await planted.assign("v")
    assert name in await reporter.differing()
    await planted.mark("v")
    assert await reporter.turn() == 1
    assert name not in await reporter.differing()


async def test_who_is_erased_is_taken_out_of_the_sums(planted: Planted, reporter: Reporter) -> None:
    await planted.assign("dev", visitor="user")
    await planted.mark("user")
    await reporter.turn()
    assert await held(planted) != {}
    await planted.postgres.pool.execute("DELETE FROM assignments WHERE site_id = $1", planted.site_id)
    await planted.mark("user")
    await reporter.turn()
    assert await held(planted) == {}


async def test_all_marks_of_who_has_waited_longest_are_taken_at_once(
    planted: Planted, reporter: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.reporting.reporter.VISITORS_AT_ONCE", 1)
    await planted.mark("a", "b", "a")
    assert [await reporter.turn() for _ in range(3)] == [2, 1, 0]


async def test_who_stops_reading_units_leaves_the_connection_free(planted: Planted) -> None:
    await planted.publish(**WITH_EVERYTHING)
    for i in range(60):
        await planted.assign(f"v{i}")
    async with planted.postgres.pool.acquire() as lent, lent.transaction():
        connection: asyncpg.Connection = lent  # type: ignore[assignment] # what a pool lends is one in all but its type
        definition = await load_definition(connection, planted.site_id, "hero-copy", None)
        async with aclosing(stream_units(connection, planted.site_id, definition, None)) as stream:
            assert 0 < len(await anext(stream)) < 60
        assert await connection.fetchval("SELECT 1") == 1


async def test_what_was_read_of_one_experiment_is_let_go_of_before_the_next(planted: Planted) -> None:
    """PostgreSQL keeps megabytes for each statement that is open, and all of a site is counted together."""
    await planted.publish(**WITH_EVERYTHING)
    async with planted.postgres.pool.acquire() as lent, lent.transaction():
        connection: asyncpg.Connection = lent  # type: ignore[assignment] # what a pool lends is one in all but its type
        definition = await load_definition(connection, planted.site_id, "hero-copy", None)
        await summed_up(connection, planted.site_id, definition)
        assert await connection.fetchval("SELECT count(*) FROM pg_cursors WHERE name <> ''") == 0


async def test_another_metric_counts_everything_anew(planted: Planted, reporter: Reporter) -> None:
    await planted.assign("v")
    judged = experiment(primary_metric="orders", phase=1, status="running")
    await planted.publish(2, metrics=[orders()], experiments=[judged])
    assert await reporter.turn() == 0
    counted = await held(planted)
    assert counted == await from_raw_rows(planted)
    assert {len(moments) for _, _, moments in counted.values()} == {2}  # type: ignore[arg-type] # the last is a list


async def test_an_experiment_that_is_published_no_more_is_counted_when_somebody_in_it_is_marked(
    planted: Planted,
) -> None:
    await planted.publish(**WITH_EVERYTHING)
    await planted.assign("v")
    await planted.publish(2, metrics=[orders()])
    await planted.mark("v")
    await count_all(Reporter(planted.postgres.pool))
    counted = await held(planted)
    assert counted != {}
    assert counted == await from_raw_rows(planted)


async def test_an_experiment_of_which_nothing_is_left_holds_up_nobody(
    planted: Planted, reporter: Reporter
) -> None:
    await planted.assign("v")
    await planted.mark("v")
    await reporter.turn()
    await planted.postgres.pool.execute("DELETE FROM assignments WHERE site_id = $1", planted.site_id)
    await planted.publish(2, metrics=[orders()])
    await planted.mark("v")
    assert await reporter.turn() == 1
    assert await reporter.turn() == 0


async def test_a_full_recount_gives_the_same(
    planted: Planted, reporter: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.reporting.rollup._AT_ONCE", 7)
    for i in range(60):
        await planted.assign(f"v{i}", ("control", "treatment")[i % 2], LONG_AGO + i * HOUR)
        await planted.event(f"v{i}", i * HOUR + timedelta(minutes=1), value=i / 7)
        await planted.mark(f"v{i}")
    await reporter.turn()
    before = await held(planted)
    assert await Reporter(planted.postgres.pool).recount() >= 60
    assert await held(planted) == before


@pytest.mark.usefixtures("reporter")
async def test_what_a_site_has_published_that_nobody_can_read_holds_up_no_other(
    planted: Planted, new_site: SiteFactory
) -> None:
    other = Planted(planted.postgres, (await new_site()).site_id)
    await other.publish(metrics=[{"key": "m", "unheard-of": 1}])
    await planted.assign("v")
    await planted.mark("v")
    assert await Reporter(planted.postgres.pool).turn() == 1
    assert await held(planted) == await from_raw_rows(planted)
    await planted.postgres.pool.execute("ALTER TABLE revisions DISABLE TRIGGER ALL")
    await planted.postgres.pool.execute("DELETE FROM revisions WHERE site_id = $1", other.site_id)
    await planted.postgres.pool.execute("ALTER TABLE revisions ENABLE TRIGGER ALL")


async def test_two_who_count_do_not_count_at_once(planted: Planted, reporter: Reporter) -> None:
    await planted.mark("v")
    async with planted.postgres.pool.acquire() as other:
        await other.execute(f"SELECT pg_advisory_lock({int.from_bytes(b'counting')})")
        assert await reporter.turn() == 0
    assert await reporter.turn() == 1


async def test_what_is_stored_is_marked_in_the_same_transaction(planted: Planted, reporter: Reporter) -> None:
    class Stores:
        async def fold_in(self, _connection: object, _records: object, store: Any) -> None:
            await store()

        async def settled(self, _connection: object, records: Any, _said: object) -> Any:
            return records

    async def nothing() -> None: ...

    at = ms_of(LONG_AGO)
    event: dict[str, Any] = {"name": "x", "properties": {}, "at_ms": at, "received_ms": at}
    records = [
        Event(planted.site_id, "a", "1", **event),
        Event(planted.site_id, "only-profile", "2", **event, profile_only=True),
        Merge(planted.site_id, "b", id_at(LONG_AGO), "u", at),
        ConsentSaid(planted.site_id, "c", id_at(LONG_AGO), {}, at),
        Event(planted.site_id, "a", "3", **event),
    ]
    await count_all(reporter)
    async with planted.postgres.pool.acquire() as lent, lent.transaction():
        await Marking(Stores()).fold_in(lent, records, nothing)  # type: ignore[arg-type] # what a pool lends is one in all but its type
        await Marking(Stores()).fold_in(lent, records[3:4], nothing)  # type: ignore[arg-type] # as above
    marks = await planted.postgres.pool.fetch(
        "SELECT visitor FROM recount_marks WHERE site_id = $1 ORDER BY id", planted.site_id
    )
    assert [row["visitor"] for row in marks] == ["a", "b", "u"]
    assert await reporter.turn() == 3
