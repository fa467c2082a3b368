"""A fault injected once, and the service whole again after it."""

import asyncio

from app.embedded.servers import start as start_servers
from tests.faults.scene import Fault, NotInjectedError, Scene

RECOVERS_WITHIN_S = 30.0


async def inject(fault: Fault, scene: Scene) -> list[str]:
    """Inject a fault once and wait until the service is whole again; tell what was wrong with that."""
    try:
        await fault.inject(scene)
    except NotInjectedError as error:
        return [f"not injected: {error}"]
    try:
        async with asyncio.timeout(RECOVERS_WITHIN_S):
            await scene.service.until_whole()
    except TimeoutError:
        # Whatever comes next needs the servers, so they get the start that a restart would give them.
        (await asyncio.to_thread(start_servers, scene.service.data_dir)).close()
        await scene.service.until_whole()
        return [f"did not recover by itself within {RECOVERS_WITHIN_S:.0f} s"]
    return []
