"""Faults that kill processes of the service without a word."""

import asyncio
import signal
from time import monotonic

from tests.faults.scene import Fault, NotInjectedError, Scene
from tests.faults.service import send

# What the shipper is behind by before it is killed, so that it dies over a batch of some size.
BACKLOG_S = 1.0
BUSY_WITHIN_S = 10.0
_IN_A_BATCH = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = 'signpost' AND xact_start IS NOT NULL AND pid <> pg_backend_pid()
"""


async def kill_worker(scene: Scene) -> None:
    """Kill a worker that has requests to answer."""
    scene.service.kill([scene.random.choice(await _busy(scene))])


async def kill_everything(scene: Scene) -> None:
    """Kill the launcher and all that it has started, every other time the reaper too; start again."""
    everything = scene.service.everything(reaper=bool(scene.turn % 2))
    await _busy(scene)
    await scene.service.kill_all(everything)
    await scene.service.start()


async def _busy(scene: Scene) -> list[int]:
    """Wait until a worker that may be killed has requests to answer, and name all that have."""
    until = monotonic() + BUSY_WITHIN_S
    while monotonic() < until:
        await asyncio.sleep(0.001)
        busy = [pid for pid in scene.service.workers() if scene.load.under_way[pid] and pid != scene.spared]
        if busy:
            return busy
    raise NotInjectedError("no worker had anything to answer")


async def kill_shipper(scene: Scene) -> None:
    """Let the shipper fall behind, and kill it while a batch of it is open."""
    shipper = scene.service.shipper()
    if shipper is None:
        raise NotInjectedError("there is no shipper")
    connection = await scene.connect()
    try:
        send([shipper], signal.SIGSTOP)
        await asyncio.sleep(BACKLOG_S)
        send([shipper], signal.SIGCONT)
        until = monotonic() + BUSY_WITHIN_S
        while not await connection.fetchval(_IN_A_BATCH):
            if monotonic() > until:
                raise NotInjectedError("the shipper has opened no batch")
        # Anywhere in the batch: it takes some tens of milliseconds.
        await asyncio.sleep(scene.random.random() * 0.03)
        scene.service.kill([shipper])
    finally:
        await connection.close()


KILLS = (
    Fault("worker-killed", "kill -9 of a worker", kill_worker),
    Fault("everything-killed", "kill -9 of everything", kill_everything),
    Fault("shipper-killed", "kill -9 of the shipper in a batch", kill_shipper),
)
