"""How fast results are answered and kept counted: `make bench-results`; 1 where a bound breaks."""

import argparse
import asyncio
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter, sleep
from typing import NamedTuple

import uvloop

from app.embedded.servers import Servers, start
from app.kit.clock import now
from app.reporting.definition import load_definition
from app.reporting.question import CutBy, Question
from app.reporting.reporter import Reporter
from app.reporting.results import load_results
from app.reporting.rollup import fingerprint_of
from app.storage.migrate import migrate
from app.storage.postgres import Postgres
from loadtests.many_units import EXPERIMENT, document, make_site, make_units, publish
from loadtests.speed.tables import PAGE, replace_between

UNITS = 10_000_000
# Rows, indexes, what is counted, and the log of all of it.
BYTES_PER_UNIT = 2_500
WARM_S, COLD_S = 1.0, 5.0
# Whom the shipper marks in a second when it ships as fast as `make bench-journal` says it can: 11,000 page
# loads a second, of which each batch of 20,000 records (4,430 loads) names each of 2,000 visitors once.
SHIPPED_MARKS_PER_S = 11_000 / 4_430 * 2_000
MARKED, COMING_BACK, ROUNDS = 50_000, 2_000, 3
CAP = {"percentile": 0.999}
BYS: tuple[CutBy | None, ...] = (None, *CutBy)
# Units are in several segments each: what is capped takes longest there.
CAPPED_BYS: tuple[CutBy | None, ...] = (None, CutBy.SEGMENT)

_MARK = """
    INSERT INTO recount_marks (site_id, visitor)
    SELECT $1, visitor
    FROM (SELECT visitor, at FROM assignments ORDER BY at DESC LIMIT $2) AS latest,
        generate_series(1, $3) AS time
    ORDER BY time, md5(visitor)
"""


class Took(NamedTuple):
    """How long one question took, in seconds: warm, and first after a restart of PostgreSQL."""

    warm_s: float
    cold_s: float


class Counting(NamedTuple):
    """How many units were counted, and how many a second."""

    units: int
    elapsed_s: float

    @property
    def per_s(self) -> float:
        """Units a second."""
        return self.units / self.elapsed_s


class Measured(NamedTuple):
    """All that was measured."""

    units: int
    wholly: Counting
    coming_back: Counting
    strangers: Counting
    answers: dict[str, Took]
    capped: dict[str, Took]


class Place:
    """The servers in a folder, which are stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self._data = folder / "data"
        self._servers: Servers | None = None

    def open(self) -> str:
        """Start them unless they run; answers PostgreSQL's address."""
        if self._servers is None:
            self._servers = start(self._data)
        return self._servers.database_url

    def close(self) -> None:
        """Stop them, and wait until PostgreSQL is gone."""
        if self._servers is not None:
            self._servers.close()
        self._servers = None
        while next(self._data.rglob("postmaster.pid"), None) is not None:
            sleep(0.05)


async def bench(folder: Path, units: int) -> Measured:
    """Make everything and measure it."""
    place = Place(folder)
    url = place.open()
    try:
        await asyncio.to_thread(migrate, url)
        postgres = await Postgres.open(url)
        site = await _made(postgres, units)
        wholly = await _timed(units, Reporter(postgres.pool))
        _tell(f"counted {units:,} units in {wholly.elapsed_s:.0f} s, {wholly.per_s:,.0f} a second")
        coming_back = await _marked(postgres, site, COMING_BACK, MARKED // COMING_BACK)
        strangers = await _marked(postgres, site, min(MARKED, units), 1)
        _tell(f"took {coming_back.per_s:,.0f} and {strangers.per_s:,.0f} marks a second away")
        await postgres.pool.execute("CHECKPOINT")
        await postgres.close()
        answers = await _answers(place, site, BYS)
        await _cap(place.open(), site)
        return Measured(
            units, wholly, coming_back, strangers, answers, await _answers(place, site, CAPPED_BYS)
        )
    finally:
        place.close()


async def _made(postgres: Postgres, units: int) -> int:
    site, started = await make_site(postgres.pool), perf_counter()
    await make_units(postgres.pool, site, units, now().date())
    _tell(f"made {units:,} units and {3 * units:,} events in {perf_counter() - started:.0f} s")
    return site


async def _timed(units: int, reporter: Reporter) -> Counting:
    started = perf_counter()
    if (counted := await reporter.recount()) != units:
        raise RuntimeError(f"{counted} of {units} units were counted")
    return Counting(units, perf_counter() - started)


async def _marked(postgres: Postgres, site: int, visitors: int, times: int) -> Counting:
    """Count the units anew that came last, each marked so many times, as those are who are shipped."""
    reporter = Reporter(postgres.pool)
    await reporter.turn()
    await postgres.pool.execute(_MARK, site, visitors, times)
    started = perf_counter()
    while await reporter.turn():
        pass
    return Counting(visitors * times, perf_counter() - started)


async def _cap(url: str, site: int) -> None:
    """Judge by capped revenue, whose sums are the same."""
    postgres = await Postgres.open(url)
    await publish(postgres.pool, site, 2, document(CAP))
    async with postgres.pool.acquire() as lent:
        definition = await load_definition(lent, site, EXPERIMENT, None)  # type: ignore[arg-type] # what a pool lends is one in all but its type
        await lent.execute("UPDATE rollups SET fingerprint = $1", fingerprint_of(definition))
    await postgres.close()


async def _answers(place: Place, site: int, bys: Sequence[CutBy | None]) -> dict[str, Took]:
    """Ask every question, first after a restart of its own, then warm: the slowest of several."""
    found = {}
    for by in bys:
        place.close()
        postgres = await Postgres.open(place.open())
        cold_s, *warm = [await _answer(postgres, site, by) for _ in range(ROUNDS + 1)]
        found[by or "everybody"] = Took(max(warm), cold_s)
        await postgres.close()
    _tell(f"answered: {found}")
    return found


async def _answer(postgres: Postgres, site: int, by: CutBy | None) -> float:
    started = perf_counter()
    async with postgres.engine.connect() as session:
        question = Question(site_id=site, experiment=EXPERIMENT, by=by)
        results = await load_results(session, question, now())
    took_s = perf_counter() - started
    if not results.units or (by is not None and not results.cuts):
        raise RuntimeError(f"no results by {by}")
    return took_s


def _tell(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def tables(measured: Measured) -> Iterator[str]:
    """Write everything down."""
    yield f"| {measured.units:,} units, {3 * measured.units:,} events | | s | a second |\n|---|---|---|---|"
    rows = {
        "units, counted wholly": measured.wholly,
        f"marks of {COMING_BACK:,} visitors who come again and again": measured.coming_back,
        "marks of as many visitors": measured.strangers,
    }
    for what, one in rows.items():
        yield f"| {what} | {one.units:,} | {one.elapsed_s:.1f} | {one.per_s:,.0f} |"
    yield "\n| results by | warm, s | after a restart, s |\n|---|---|---|"
    for by, took in measured.answers.items():
        yield f"| {by} | {took.warm_s:.2f} | {took.cold_s:.2f} |"
    for by, took in measured.capped.items():
        yield f"| {by}, one metric capped | {took.warm_s:.2f} | {took.cold_s:.2f} |"


def broken(measured: Measured) -> Iterator[str]:
    """Name the bounds that do not hold; capped metrics have none, since every unit is read for them."""
    for by, took in measured.answers.items():
        if took.warm_s > WARM_S:
            yield f"results by {by} took {took.warm_s:.2f} s warm, more than {WARM_S:g}"
        if took.cold_s > COLD_S:
            yield f"results by {by} took {took.cold_s:.2f} s after a restart, more than {COLD_S:g}"
    if measured.coming_back.per_s < SHIPPED_MARKS_PER_S:
        rates = f"{measured.coming_back.per_s:,.0f} marks a second, where it makes {SHIPPED_MARKS_PER_S:,.0f}"
        yield f"the shipper is not kept up with: {rates}"


def main() -> int:
    """Measure, print, write down, and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--units", type=int, default=UNITS, help="fewer are faster; only all are written down"
    )
    parser.add_argument("--folder", type=Path, help="where there is room; a temporary one by default")
    parser.add_argument("--write", action="store_true", help="write down fewer units too")
    said = parser.parse_args()
    with tempfile.TemporaryDirectory(
        prefix="signpost-bench-", dir=said.folder, ignore_cleanup_errors=True
    ) as name:
        needed, free = said.units * BYTES_PER_UNIT, shutil.disk_usage(name).free
        if free < needed:
            _tell(
                f"{needed / 1e9:.0f} GB of disk are needed in {name}, {free / 1e9:.0f} are free: use --folder"
            )
            return 1
        measured = uvloop.run(bench(Path(name), said.units))
    return _judged(measured, is_written=said.write or said.units >= UNITS)


def _judged(measured: Measured, *, is_written: bool) -> int:
    wrong = [*broken(measured)]
    text = "\n".join([*tables(measured), "", *(f"**Broken**: {one}." for one in wrong)]).strip()
    print(text)
    if is_written:
        replace_between(PAGE, "bench-results", text)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
