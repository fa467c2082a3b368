"""Faults that come in by the front door: the same batches again, and a publish while visitors are here."""

import asyncio

from loadtests.connection import UnansweredError
from loadtests.site_admin import SiteAdmin
from tests.faults.line import Line
from tests.faults.load import Batch
from tests.faults.scene import Fault, NotInjectedError, Scene
from tests.faults.servers import wipe_valkey
from tests.faults.site import site_document

BATCHES = 10
COPIES = 3


async def send_again(scene: Scene) -> None:
    """Send batches that were accepted before several times more at once, to whichever worker.

    By turns nothing has happened meanwhile, everything was restarted, or the cache has forgotten every id.
    """
    if scene.turn % 3 == 1:
        await scene.service.kill_all(scene.service.everything(reaper=False))
        await scene.service.start()
    elif scene.turn % 3 == 2:
        await wipe_valkey(scene)
    known = list(scene.load.sent)
    if not known:
        raise NotInjectedError("nothing has been accepted yet")
    batches = scene.random.sample(known, min(BATCHES, len(known)))
    lines = [Line(scene.service.target) for _ in range(COPIES * 2)]
    try:
        await asyncio.gather(*(line.open() for line in lines))
        for batch in batches:
            await asyncio.gather(*(_send(scene, line, batch) for line in lines))
    except UnansweredError as error:
        raise NotInjectedError(str(error)) from error
    finally:
        await asyncio.gather(*(line.close() for line in lines))


async def _send(scene: Scene, line: Line, batch: Batch) -> None:
    await scene.load.send_batch(line, batch)


async def publish(scene: Scene) -> None:
    """Publish another edition of the site's texts."""
    admin = SiteAdmin(scene.service.target)
    try:
        await admin.publish(site_document(scene.turn + 1))
    finally:
        await admin.close()


TRAFFIC = (
    Fault("sent-again", "duplicate batches", send_again),
    Fault("published", "publish during load", publish),
)
