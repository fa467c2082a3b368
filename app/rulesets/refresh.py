"""How a publish reaches this process: PostgreSQL tells at once, and a poll stands behind it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

import asyncpg

from app.storage.attempts import Attempts
from app.storage.watched import Watched

CHANNEL = "signpost_changed"
# How long it may take to be listened to, and to be answered then.
LISTEN_S = 5.0

_log = logging.getLogger(__name__)


class Refresh:
    """Calls `reload` after each notification and at least every `poll_s` seconds."""

    def __init__(self, dsn: str, reload: Callable[[], Awaitable[None]], *, poll_s: float) -> None:
        self._dsn = dsn
        self._reload = reload
        self._poll_s = poll_s
        self._changed = asyncio.Event()
        self._waiting: list[asyncio.Future[None]] = []
        self._listening: asyncpg.Connection | None = None
        self.failures = 0
        self._listens = Attempts(_log, "listening for publishes")
        self._loads = Attempts(_log, "loading what is in force")

    async def run(self) -> None:
        """Keep refreshing until cancelled; a database that is away is asked again with the next poll."""
        try:
            while True:
                await self._listen()
                try:
                    async with asyncio.timeout(self._poll_s):
                        await self._changed.wait()
                except TimeoutError:
                    pass
                self._changed.clear()
                waiting, self._waiting = self._waiting, []
                await self._refresh()
                for each in waiting:
                    # Whoever gave up meanwhile has cancelled it.
                    if not each.done():
                        each.set_result(None)
        finally:
            self._stop_listening()

    async def catch_up(self, *, within_s: float) -> None:
        """Wait until what is committed by now has been loaded here, or could not be; for so long at most."""
        loaded: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # What is being loaded at the moment may have been read before.
        self._waiting.append(loaded)
        self._changed.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await loaded

    async def _refresh(self) -> None:
        # Whatever fails, what was loaded before stays in force.
        with self._loads as attempt:
            await self._reload()
        self.failures += attempt.failed

    async def _listen(self) -> None:
        # Polling goes on without.
        with self._listens as attempt:
            async with asyncio.timeout(LISTEN_S):
                if self._listening is not None and not self._listening.is_closed():
                    # Whoever only listens would not notice that nobody is there any more to say anything.
                    await self._listening.execute(f"LISTEN {CHANNEL}")
                    return
                self._listening = await asyncpg.connect(self._dsn, connection_class=Watched)
                await self._listening.add_listener(CHANNEL, lambda *_: self._changed.set())
        if attempt.failed:
            self._stop_listening()

    def _stop_listening(self) -> None:
        if self._listening is not None:
            self._listening.terminate()
