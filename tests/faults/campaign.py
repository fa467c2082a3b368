"""Faults injected into the real service under load: `python -m tests.faults.campaign [KIND …]`."""

import argparse
import asyncio
import shutil
import sys
from collections.abc import Sequence
from contextlib import closing, nullcontext
from pathlib import Path
from random import Random

import uvloop

from app.embedded.servers import start as start_embedded
from tests.faults.cutter import Cutter
from tests.faults.disk import DISK
from tests.faults.inject import inject
from tests.faults.kills import KILLS
from tests.faults.ledger import Ledger, write_ledger
from tests.faults.load import Load
from tests.faults.report import Row, table_of
from tests.faults.scene import Fault, Scene
from tests.faults.servers import SERVERS
from tests.faults.service import Service
from tests.faults.site import site_document
from tests.faults.stores import opened_stores
from tests.faults.traffic import TRAFFIC

FAULTS = (*SERVERS, *KILLS, *DISK, *TRAFFIC)
# Load before each injection, and after the last one.
BETWEEN_S = 1.0


class Options(argparse.Namespace):
    """What the command line says."""

    kinds: list[str]
    times: int
    stopped_s: float
    frozen_s: float
    budget_ms: float
    folder: Path
    http: str


def parse_options(arguments: Sequence[str] | None = None) -> Options:
    """Read the command line; ends the program where it is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.campaign", description=__doc__)
    keys = [fault.key for fault in FAULTS]
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"all by default: {', '.join(keys)}")
    parser.add_argument("--times", type=int, default=20, help="injections of each kind")
    parser.add_argument("--stopped-s", type=float, default=30, help="how long PostgreSQL is stopped")
    parser.add_argument("--frozen-s", type=float, default=10, help="how long Valkey is frozen")
    parser.add_argument("--budget-ms", type=float, default=25, help="SIGNPOST_PROFILE_BUDGET_MS")
    parser.add_argument("--http", choices=["direct", "asgi"], default="direct", help="SIGNPOST_HTTP")
    parser.add_argument("--folder", type=Path, default=Path(".local/faults"), help="emptied at the start")
    options = parser.parse_args(arguments, namespace=Options())
    unknown = set(options.kinds) - set(keys)
    if unknown:
        parser.error(f"no such kind: {', '.join(sorted(unknown))}")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaign, print its table, and answer 0 where every row of it is clean."""
    options = parse_options(arguments)
    shutil.rmtree(options.folder, ignore_errors=True)
    options.folder.mkdir(parents=True)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        rows = runner.run(_campaign(options))
    print("\n" + table_of(rows))  # noqa: T201 - the table is what this is for
    return 0 if all(row.clean for row in rows) else 1


async def _campaign(options: Options) -> list[Row]:
    service = Service(options.folder / "data", options.budget_ms)
    cutter = Cutter(options.folder.resolve() / "through")
    rows: list[Row] = []
    for through, settings in ((False, {}), (True, {"DATABASE_URL": cutter.database_url})):
        faults = [fault for fault in _wanted(options) if fault.through == through]
        if faults:
            async with cutter.passing_to(service.place.postgres.socket):
                # Told of a database the service starts none, but keeps what runs in its folder.
                with closing(start_embedded(service.data_dir)) if through else nullcontext():
                    await service.start(HTTP=options.http, **settings)
                rows += [await _run(fault, service, cutter, options) for fault in faults]
                await service.stop()
    return rows


def _wanted(options: Options) -> list[Fault]:
    return [fault for fault in FAULTS if not options.kinds or fault.key in options.kinds]


async def _run(fault: Fault, service: Service, cutter: Cutter, options: Options) -> Row:
    ledger = Ledger(fault.key)
    load = Load(service, ledger)
    random = Random(fault.key)  # noqa: S311 - drawing victims is not cryptography
    scene = Scene(service, load, random, cutter, options.stopped_s, options.frozen_s)
    notes: list[str] = []
    await service.publish(site_document())
    async with load.running():
        for scene.turn in range(options.times):
            await asyncio.sleep(BETWEEN_S)
            notes += await inject(fault, scene)
        await asyncio.sleep(BETWEEN_S)
    write_ledger(options.folder / "ledgers", ledger)
    async with opened_stores(service.place) as stores:
        row = Row(fault.says, options.times, ledger, await stores.outcome(ledger), notes)
    _say(table_of([row]))
    return row


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a campaign takes long, and tells of each kind as it ends


if __name__ == "__main__":
    sys.exit(main())
