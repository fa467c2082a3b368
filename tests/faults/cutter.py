"""A proxy before PostgreSQL that cuts a shipper's connection while it commits."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from app.embedded.place import POSTGRES_PORT

_CHUNK = 2**16
# Only batches name this table, and only before they commit.
_BATCH = b"journal_positions"
_COMMIT = b"COMMIT;"


class Cutter:
    """Passes everything on, until `arm` asks for the next COMMIT of a batch to be cut off.

    Cut `before` PostgreSQL has seen it, the batch is not stored; cut after, it is, and nobody is told.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._before: bool | None = None
        self._done = asyncio.Event()

    @property
    def database_url(self) -> str:
        """Where a service reaches PostgreSQL through this."""
        return f"postgresql+asyncpg://postgres@/signpost?host={self.folder}&port={POSTGRES_PORT}"

    @asynccontextmanager
    async def passing_to(self, socket: Path) -> AsyncIterator[None]:
        """Take connections for the server that listens at a socket, for as long as the block lasts."""
        self.folder.mkdir(mode=0o700, exist_ok=True)

        async def take(reader: StreamReader, writer: StreamWriter) -> None:
            await self._take(socket, reader, writer)

        server = await asyncio.start_unix_server(take, self.folder / f".s.PGSQL.{POSTGRES_PORT}")
        try:
            yield
        finally:
            server.close()

    async def cut_next(self, *, before: bool, within_s: float) -> bool:
        """Cut the next COMMIT of a batch; whether there was one in time."""
        self._done.clear()
        self._before = before
        try:
            async with asyncio.timeout(within_s):
                await self._done.wait()
        except TimeoutError:
            return False
        finally:
            self._before = None
        return True

    async def _take(self, socket: Path, reader: StreamReader, writer: StreamWriter) -> None:
        with suppress(OSError):
            to_reader, to_writer = await asyncio.open_unix_connection(socket)
            back = asyncio.create_task(_pass_on(to_reader, writer))
            there = asyncio.create_task(self._commands(reader, to_writer, back))
            # Whoever hangs up first, the other side hears of it.
            await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
            there.cancel()
            back.cancel()
            to_writer.close()
        writer.close()

    async def _commands(self, reader: StreamReader, writer: StreamWriter, back: asyncio.Task[None]) -> None:
        ships = False
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                ships = ships or _BATCH in data
                if ships and _COMMIT in data and self._before is not None:
                    back.cancel()
                    await self._cut(data, writer)
                    return
                writer.write(data)
                await writer.drain()

    async def _cut(self, commit: bytes, writer: StreamWriter) -> None:
        if not self._before:
            # It is done although the connection ends now: what was sent before is still read.
            writer.write(commit)
            await writer.drain()
        self._before = None
        self._done.set()


async def _pass_on(reader: StreamReader, writer: StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
