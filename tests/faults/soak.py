"""A long load while every part is restarted again and again: `python -m tests.faults.soak`."""

import argparse
import asyncio
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random

import msgspec
import uvloop

from app.kit.tasks import background
from tests.faults.cutter import Cutter
from tests.faults.inject import inject
from tests.faults.kills import kill_everything, kill_shipper, kill_worker
from tests.faults.ledger import Ledger, write_ledger
from tests.faults.load import Load
from tests.faults.memory import judge
from tests.faults.progress import Progress
from tests.faults.report import Row, table_of
from tests.faults.scene import Fault, Scene
from tests.faults.schedule import EVERYTHING, PARTS, schedule
from tests.faults.servers import kill_postgres, kill_valkey
from tests.faults.service import Service
from tests.faults.site import site_document
from tests.faults.stores import opened_stores

# Those that live for long. PostgreSQL and Valkey are restarted in every round, and keep what they are given.
JUDGED = ("launcher", "kept worker", "shipper")
PERIOD_S = 60.0
# A profile grows with its events until it holds as many instants as it may. So few visitors are soon there.
VISITORS = 30


class Options(argparse.Namespace):
    """What the command line says."""

    minutes: float
    every_s: float
    budget_ms: float
    folder: Path

    @property
    def soak_s(self) -> float:
        """How long the load is kept up."""
        return self.minutes * 60


def parse_options(arguments: Sequence[str] | None = None) -> Options:
    """Read the command line; ends the program where it is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30, help="how long the load is kept up")
    parser.add_argument("--every-s", type=float, default=120, help="seconds between restarts of each part")
    parser.add_argument("--budget-ms", type=float, default=25, help="SIGNPOST_PROFILE_BUDGET_MS")
    parser.add_argument("--folder", type=Path, default=Path(".local/soak"), help="emptied at the start")
    options = parser.parse_args(arguments, namespace=Options())
    if options.minutes * 60 < 3 * options.every_s:
        parser.error("there must be time for three rounds of restarts at least")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak, print what every minute brought and what is left in the end, and answer 0 where all is clean."""
    options = parse_options(arguments)
    shutil.rmtree(options.folder, ignore_errors=True)
    options.folder.mkdir(parents=True)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        clean = runner.run(_soak(options))
    return 0 if clean else 1


async def _soak(options: Options) -> bool:
    service = Service(options.folder / "data", options.budget_ms)
    await service.start()
    await service.publish(site_document())
    load = Load(service, Ledger("soak"), VISITORS)
    scene = Scene(service, load, Random("soak"), Cutter(options.folder / "through"), 0, 0)  # noqa: S311 - drawing victims is not cryptography
    progress = Progress(scene, min(PERIOD_S, options.every_s), _say)
    async with load.running(), background(progress.run()):
        notes = await _restart_all(scene, progress, options)
    write_ledger(options.folder / "ledgers", load.ledger)
    (options.folder / "memory.json").write_bytes(msgspec.json.encode(progress.samples))
    async with opened_stores(service.place) as stores:
        outcome = await stores.outcome(load.ledger)
    if code := await service.stop():
        notes.append(f"the service ended with {code}")
    row = Row("every part restarted", scene.turn, load.ledger, outcome, notes)
    judged = [judge(kind, progress.samples[kind], options.soak_s) for kind in JUDGED]
    _say("\n" + "\n".join([table_of([row]), *map(str, judged)]))
    return row.clean and all(one.flat for one in judged)


async def _restart_all(scene: Scene, progress: Progress, options: Options) -> list[str]:
    """Restart everything in its time, and tell what was wrong with that."""
    notes: list[str] = []
    _spare_one(scene)
    for restart in schedule(options.soak_s, options.every_s):
        await asyncio.sleep(max(0.0, restart.at_s - progress.now_s))
        told = "+".join(restart.parts)
        progress.restarted.append(told)
        found = await inject(_fault_of(restart.parts, told), scene)
        scene.turn += len(restart.parts)
        if restart.parts == EVERYTHING:
            _spare_one(scene)
        elif scene.spared not in scene.service.workers():
            found.append("the worker that nobody killed has ended")
            _spare_one(scene)
        notes += [f"{restart.at_s:.0f} s, {told}: {text}" for text in found]
    await asyncio.sleep(max(0.0, options.soak_s - progress.now_s))
    return notes


def _spare_one(scene: Scene) -> None:
    scene.spared = min(scene.service.workers())


def _fault_of(parts: tuple[str, ...], told: str) -> Fault:
    ways = dict(zip(PARTS, (kill_worker, kill_shipper, kill_postgres, kill_valkey), strict=True))
    if parts == EVERYTHING:
        return Fault(told, told, kill_everything)
    if len(parts) == 1:
        return Fault(told, told, ways[parts[0]])

    async def kill_together(scene: Scene) -> None:
        service = scene.service
        killed = [pid for pid in service.workers() if pid != scene.spared] + service.servers()
        shipper = service.shipper()
        if "shipper" in parts and shipper is not None:
            killed.append(shipper)
        service.kill(killed)

    return Fault(told, told, kill_together)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a soak takes long, and tells of each minute as it ends


if __name__ == "__main__":
    sys.exit(main())
