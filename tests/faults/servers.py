"""Faults of PostgreSQL and Valkey."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis

from app.embedded.place import Server
from app.embedded.process import find
from tests.faults.scene import Fault, NotInjectedError, Scene
from tests.faults.service import send


@asynccontextmanager
async def _stopped(server: Server) -> AsyncIterator[None]:
    pids = find(server)
    send(pids, signal.SIGSTOP)
    try:
        yield
    finally:
        # Those that were started meanwhile by one that was not stopped yet, too.
        send({*pids, *find(server)}, signal.SIGCONT)


async def stop_postgres(scene: Scene) -> None:
    """Have every process of PostgreSQL stand still for some time."""
    async with _stopped(scene.service.place.postgres):
        await asyncio.sleep(scene.stopped_s)


async def kill_postgres(scene: Scene) -> None:
    """Kill every process of PostgreSQL."""
    scene.service.kill(find(scene.service.place.postgres))


async def cut_commit(scene: Scene) -> None:
    """Cut the shipper off while it commits: by turns before PostgreSQL hears of it, and after."""
    if not await scene.cutter.cut_next(before=bool(scene.turn % 2), within_s=20):
        raise NotInjectedError("nothing was committed through the proxy")


async def kill_valkey(scene: Scene) -> None:
    """Kill Valkey."""
    scene.service.kill(find(scene.service.place.valkey))


async def freeze_valkey(scene: Scene) -> None:
    """Have Valkey stand still for some time."""
    async with _stopped(scene.service.place.valkey):
        await asyncio.sleep(scene.frozen_s)


async def wipe_valkey(scene: Scene) -> None:
    """Have Valkey forget everything."""
    redis = Redis(unix_socket_path=str(scene.service.place.valkey.socket))
    await redis.flushall()
    await redis.aclose()


SERVERS = (
    # The first, so that what the others have left in the cache is there to be compared in the end.
    Fault("valkey-wiped", "Valkey wiped", wipe_valkey),
    Fault("postgres-stopped", "PostgreSQL stopped for a while", stop_postgres),
    Fault("postgres-killed", "kill -9 of PostgreSQL", kill_postgres),
    Fault("commit-cut", "connection cut during COMMIT", cut_commit, through=True),
    Fault("valkey-killed", "kill -9 of Valkey", kill_valkey),
    Fault("valkey-frozen", "Valkey frozen for a while", freeze_valkey),
)
