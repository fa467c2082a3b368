"""Appends that wait for the disk together."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


class GroupCommit:
    """Writes what comes in while the disk is busy in one piece, and lets it go on once the disk holds it.

    Nothing is waited for on purpose: whoever comes while nothing is under way is written with its own turn of
    the event loop. So an answer waits for two syncs at most.
    """

    def __init__(self, write: Callable[[bytes], None], sync: Callable[[], None]) -> None:
        self._write = write
        self._sync = sync
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._committing: asyncio.Task[None] | None = None
        # The disk takes milliseconds, in which the event loop shall turn. One thread: syncs come one by one.
        self._thread = ThreadPoolExecutor(1, "journal-sync")

    async def append(self, data: bytes) -> None:
        """Return once the disk holds the bytes; raises what `write` or `sync` raised of them."""
        written = asyncio.get_running_loop().create_future()
        self._waiting.append((data, written))
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit_all())
        await written

    async def _commit_all(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            error = await self._commit(b"".join(data for data, _ in group))
            for _, written in group:
                if written.done():
                    continue
                if error is None:
                    written.set_result(None)
                else:
                    written.set_exception(error)
        self._committing = None

    async def _commit(self, data: bytes) -> Exception | None:
        try:
            self._write(data)
            await asyncio.get_running_loop().run_in_executor(self._thread, self._sync)
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to those who wait for it
            return error
        return None

    def close(self) -> None:
        """Wait for the disk, so that no file is closed under it."""
        self._thread.shutdown()
