"""Runs: queued, claimed by one process at a time, kept alive, cancelled and taken up again."""

import asyncio

import asyncpg
import pytest
import pytest_asyncio

from app.admin.runs.claims import Claim, Progress, RunFailed, beat, claim_run, finish_run, is_waiting
from app.admin.runs.limits import ATTEMPTS, OPEN_LIMIT
from app.admin.runs.queue import find_latest
from app.admin.runs.take import take_runs
from app.embedded.servers import Servers
from app.engine.problems import Problem
from app.storage.postgres import Postgres
from app.web.problems import ConflictError, NotFoundError, TooManyRequestsError
from tests.hushed_postgres import HushedPostgres
from tests.integration.runs import Runs
from tests.sites import SiteFactory
from tests.waiting import until

LONG_AGO = "UPDATE runs SET heartbeat_at = now() - interval '1 minute' WHERE id = $1"


@pytest_asyncio.fixture
async def runs(postgres: Postgres, new_site: SiteFactory) -> Runs:
    await postgres.pool.execute("DELETE FROM runs")
    return Runs(postgres, (await new_site()).site_id)


async def nothing(_postgres: Postgres, _claim: Claim, _progress: Progress) -> bytes:
    return b'"nothing"'


async def test_a_run_waits_is_done_and_keeps_its_result(runs: Runs) -> None:
    run = await runs.queue(asked="what")
    before = await runs.get(run)
    await runs.take(nothing)
    after = await runs.get(run)

    assert (before.state, before.progress, before.result, before.asked) == (
        "queued",
        0,
        None,
        {"asked": "what"},
    )
    assert (after.state, after.progress, after.result) == ("done", 1, b'"nothing"')
    assert after.started_at is not None
    assert not await is_waiting(runs.postgres.pool)


async def test_runs_are_done_in_the_order_in_which_they_were_asked_for(runs: Runs) -> None:
    asked, done = [await runs.queue() for _ in range(3)], []

    async def note(_postgres: Postgres, claim: Claim, _progress: Progress) -> bytes:
        done.append(claim.id)
        return b"1"

    await runs.take(note)

    assert done == asked


async def test_two_who_look_at_once_take_different_runs(runs: Runs) -> None:
    asked = {await runs.queue() for _ in range(4)}

    taken = await asyncio.gather(*(claim_run(runs.postgres.pool) for _ in range(4)))

    assert {claim.id for claim in taken if claim is not None} == asked
    assert await claim_run(runs.postgres.pool) is None


async def test_a_run_that_fails_says_why_and_the_next_one_is_done(runs: Runs) -> None:
    first, second = await runs.queue(fails=True), await runs.queue(fails=False)

    async def may_fail(_postgres: Postgres, claim: Claim, _progress: Progress) -> bytes:
        if claim.asked["fails"]:
            raise RunFailed("it does not compile", [Problem("/rules/0", "is wrong")])
        return b"1"

    await runs.take(may_fail)

    failed = await runs.get(first)
    assert failed.state == "failed"
    assert failed.error == {
        "detail": "it does not compile",
        "errors": [{"pointer": "/rules/0", "message": "is wrong"}],
    }
    assert (await runs.get(second)).state == "done"


async def test_what_nobody_foresaw_fails_the_run_and_is_logged(
    runs: Runs, caplog: pytest.LogCaptureFixture
) -> None:
    run = await runs.queue()

    async def broken(_postgres: Postgres, _claim: Claim, _progress: Progress) -> bytes:
        raise ZeroDivisionError

    await runs.take(broken)

    assert (await runs.get(run)).state == "failed"
    assert "ZeroDivisionError" in caplog.text


async def test_a_kind_that_is_not_known_fails(runs: Runs) -> None:
    run = await runs.queue("of-tomorrow")

    await runs.take(nothing)

    error = (await runs.get(run, "of-tomorrow")).error
    assert error is not None
    assert "of-tomorrow" in error["detail"]


async def test_a_database_that_goes_away_leaves_the_run_to_be_taken_up_again(runs: Runs) -> None:
    run = await runs.queue()

    async def away(_postgres: Postgres, _claim: Claim, _progress: Progress) -> bytes:
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await runs.take(away)

    assert (await runs.get(run)).state == "running"


async def test_progress_is_told_while_a_run_goes_on_and_cancelling_ends_it(runs: Runs) -> None:
    run, ended = await runs.queue(), asyncio.Event()

    async def endless(_postgres: Postgres, _claim: Claim, progress: Progress) -> bytes:
        progress.share = 0.25
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return b""

    taking = asyncio.create_task(runs.take(endless, beat_s=0.01))

    async def is_told() -> bool:
        return (await runs.get(run)).progress == 0.25

    await until(is_told)
    assert await runs.cancel(run)
    await taking
    assert ended.is_set()
    assert (await runs.get(run)).state == "cancelled"


async def test_a_database_that_goes_away_while_a_run_says_it_lives_ends_the_work(
    runs: Runs, servers: Servers
) -> None:
    run, postgres = await runs.queue(), await Postgres.open(servers.database_url)
    ended = asyncio.Event()

    async def cut_off(_postgres: Postgres, _claim: Claim, _progress: Progress) -> bytes:
        try:
            await postgres.pool.close()
            await asyncio.Event().wait()
        finally:
            ended.set()
        return b""

    with pytest.raises(asyncpg.InterfaceError):
        await take_runs(postgres, {"naught": cut_off}, beat_s=0.01)

    await postgres.engine.dispose()
    assert ended.is_set()
    assert (await runs.get(run)).state == "running"


async def test_a_database_that_says_nothing_any_more_while_a_run_says_it_lives_ends_the_work(
    runs: Runs, servers: Servers
) -> None:
    run, hushed, ended = await runs.queue(), HushedPostgres(servers.database_url), asyncio.Event()

    async def hush(_postgres: Postgres, _claim: Claim, _progress: Progress) -> bytes:
        try:
            hushed.hush()
            await asyncio.Event().wait()
        finally:
            ended.set()
        return b""

    async with hushed.running():
        postgres = await Postgres.open(hushed.database_url, statement_s=1.0)
        with pytest.raises(TimeoutError):
            await take_runs(postgres, {"naught": hush}, beat_s=0.01)
        await postgres.close()

    assert ended.is_set()
    assert (await runs.get(run)).state == "running"


async def test_cancelling_twice_does_nothing_and_what_is_over_cannot_be_cancelled(runs: Runs) -> None:
    run = await runs.queue()

    assert [await runs.cancel(run) for _ in range(2)] == [True, False]
    await runs.take(nothing)
    assert (await runs.get(run)).state == "cancelled"
    over = await runs.queue()
    await runs.take(nothing)
    with pytest.raises(ConflictError, match="done"):
        await runs.cancel(over)


async def test_a_run_whose_process_died_is_told_as_queued_and_taken_up_again(runs: Runs) -> None:
    run = await runs.queue()
    first = await runs.claim()
    assert (await runs.get(run)).state == "running"
    assert not await is_waiting(runs.postgres.pool)

    await runs.postgres.pool.execute(LONG_AGO, run)

    assert (await runs.get(run)).state == "queued"
    assert await is_waiting(runs.postgres.pool)
    second = await runs.claim()
    assert (second.id, second.attempt) == (first.id, first.attempt + 1)


async def test_a_process_that_was_only_slow_finds_that_its_run_is_not_its_own(runs: Runs) -> None:
    run = await runs.queue()
    slow = await runs.claim()
    await runs.postgres.pool.execute(LONG_AGO, run)
    quick = await runs.claim()

    assert not await beat(runs.postgres.pool, slow, 0.5)
    await finish_run(runs.postgres.pool, slow, b"slow")
    assert (await runs.get(run)).state == "running"
    await finish_run(runs.postgres.pool, quick, b"quick")
    assert (await runs.get(run)).result == b"quick"


async def test_a_run_over_which_every_process_died_has_failed(runs: Runs) -> None:
    run = await runs.queue()
    for _ in range(ATTEMPTS):
        await runs.claim()
        await runs.postgres.pool.execute(LONG_AGO, run)

    found = await runs.get(run)

    assert found.state == "failed"
    assert found.error is not None
    assert "died" in found.error["detail"]
    assert await claim_run(runs.postgres.pool) is None


async def test_no_site_can_fill_the_queue(runs: Runs, new_site: SiteFactory) -> None:
    for _ in range(OPEN_LIMIT):
        await runs.queue()

    with pytest.raises(TooManyRequestsError):
        await runs.queue()

    other = Runs(runs.postgres, (await new_site()).site_id)
    assert (await other.get(await other.queue())).state == "queued"


async def test_what_is_long_over_is_let_go_of(runs: Runs) -> None:
    old = await runs.queue()
    await runs.postgres.pool.execute("UPDATE runs SET created_at = now() - interval '8 days'")

    await runs.queue()

    with pytest.raises(NotFoundError):
        await runs.get(old)


async def test_the_latest_of_the_same_question_is_found(runs: Runs) -> None:
    await runs.queue(sample=1)
    latest, other = await runs.queue(sample=1), await runs.queue(sample=2)

    async with runs.postgres.engine.begin() as connection:
        found = await find_latest(connection, runs.site, "naught", {"sample": 1}, "queued")
        none = await find_latest(connection, runs.site, "naught", {"sample": 2}, "done")

    assert found is not None
    assert found.id == latest != other
    assert none is None
