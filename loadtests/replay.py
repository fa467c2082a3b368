"""Replay of journeys: `python -m loadtests.replay [FILE]` drives a service as these visitors did."""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec
import uvloop

from app.kit import clock
from loadtests.answers import Results
from loadtests.demo_site import EXPERIMENTS, STAGES, demo_site
from loadtests.driver import Driver
from loadtests.journeys import read_journeys
from loadtests.own_journeys import SOURCE, own_journeys
from loadtests.progress import progress
from loadtests.reconcile import Comparison, Store, open_database, settled
from loadtests.report import Report, Source, build_report
from loadtests.report_text import report_text
from loadtests.service import ServiceError, Target, last_lines, own_service, target_at
from loadtests.site_admin import SiteAdmin
from loadtests.steps import JourneyError, Step
from loadtests.tally import Tally
from loadtests.timeline import ending_at, first_visitors


class Options(argparse.Namespace):
    """What the command line says."""

    file: Path | None
    url: str | None
    public_key: str | None
    secret_key: str | None
    database_url: str | None
    workers: int
    concurrency: int
    limit: int | None
    json: Path | None


def parse_options(arguments: Sequence[str] | None = None) -> Options:
    """Read the command line; ends the program where it is wrong."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.replay", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="journeys; a small set by default")
    parser.add_argument("--url", help="a running service, whose site is REPLACED by the demo site")
    parser.add_argument("--public-key", help="pk_…, with --url")
    parser.add_argument("--secret-key", help="sk_…, with --url")
    parser.add_argument("--database-url", help="the service's PostgreSQL, with --url")
    parser.add_argument("--workers", type=_positive, default=1, help="of the service that is started")
    parser.add_argument("--concurrency", type=_positive, default=16, help="visitors at once")
    parser.add_argument("--limit", type=_positive, help="take the first visitors only")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report there as JSON too")
    options = parser.parse_args(arguments, namespace=Options())
    theirs = (options.url, options.public_key, options.secret_key, options.database_url)
    if any(theirs) and not all(theirs):
        parser.error("--url, --public-key, --secret-key and --database-url go together")
    return options


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def main(arguments: Sequence[str] | None = None) -> int:
    """Replay, print the report, and answer 0 where everything answered is stored exactly once."""
    options = parse_options(arguments)
    try:
        steps = read_journeys(options.file) if options.file is not None else own_journeys()
        steps = first_visitors(steps, options.limit)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            report = runner.run(_replay(options, steps))
    except (JourneyError, ServiceError, OSError) as error:
        print(f"replay: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("replay: interrupted", file=sys.stderr)
        return 130
    print(report_text(report))
    if options.json is not None:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(report)))
    return 0 if report.sound else 1


async def _replay(options: Options, steps: Sequence[Step]) -> Report:
    async with _target(options) as target:
        admin = SiteAdmin(target)
        try:
            revision = await admin.publish(demo_site())
            report = await _measured(options, steps, target, admin, revision)
        except ServiceError:
            _show_log(target)
            raise
        finally:
            await admin.close()
        if report.failures:
            _show_log(target)
        return report


def _show_log(target: Target) -> None:
    """Show what the service said last: its folder is about to go."""
    if target.log is not None:
        print(f"the service's last lines:\n{last_lines(target.log)}", file=sys.stderr)


@asynccontextmanager
async def _target(options: Options) -> AsyncIterator[Target]:
    async with AsyncExitStack() as stack:
        if options.url and options.public_key and options.secret_key and options.database_url:
            yield target_at(options.url, options.public_key, options.secret_key, options.database_url)
        else:
            yield await stack.enter_async_context(own_service(options.workers))


async def _measured(
    options: Options, steps: Sequence[Step], target: Target, admin: SiteAdmin, revision: int
) -> Report:
    tally = Tally(STAGES)
    shifted = ending_at(steps, clock.ms_of(clock.now()))
    driver = Driver(target, tally, options.concurrency)
    requests = len(shifted) + sum(bool(step.placements) for step in shifted)

    def so_far() -> str:
        return f"{tally.requests:,} of {requests:,} requests, {tally.failed.total():,} failed"

    async with progress(so_far):
        elapsed_s = await driver.drive(shifted, revision)
    reconciliation = await _reconciled(target, tally)
    results = await _results(admin, tally)
    return build_report(_source(options, steps), elapsed_s, tally, reconciliation, results)


async def _reconciled(target: Target, tally: Tally) -> dict[str, Comparison]:
    print("comparing with PostgreSQL", file=sys.stderr)
    connection = await open_database(target.database_url)
    try:
        store = Store(connection)
        return {
            "assignments": await settled(lambda: store.assignments(tally.assigned)),
            "events": await settled(lambda: store.events(tally.event_ids)),
        }
    finally:
        await connection.close()


async def _results(admin: SiteAdmin, tally: Tally) -> dict[str, Results]:
    results = {}
    for experiment in EXPERIMENTS:
        try:
            results[experiment] = await admin.results(experiment)
        except ServiceError as error:
            tally.fail("results", str(error))
    return results


def _source(options: Options, steps: Sequence[Step]) -> Source:
    return Source(
        name=options.file.name if options.file is not None else f"{SOURCE} journeys",
        events=len(steps),
        visitors=len({step.visitor for step in steps}),
        concurrency=options.concurrency,
        workers=options.workers if options.url is None else None,
    )


if __name__ == "__main__":
    sys.exit(main())
