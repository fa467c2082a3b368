"""A way to PostgreSQL on which nothing comes through any more, as where a network is cut in two."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from sqlalchemy.engine import make_url

_CHUNK = 2**16


class HushedPostgres:
    """Passes everything on until `hush`; who was let in and who comes then hears nothing, and is not cut off.

    `asked` counts what was passed on to PostgreSQL since this was made or last replaced.
    """

    def __init__(self, database_url: str) -> None:
        self._url = make_url(database_url)
        self.database_url = ""
        self.asked = 0
        self._passing = asyncio.Event()
        self._passing.set()

    def hush(self) -> None:
        """Say nothing any more."""
        self._passing.clear()

    def replace(self) -> None:
        """Be another server at the same address: it knows nothing of those who were let in before."""
        self._passing = asyncio.Event()
        self._passing.set()
        self.asked = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Take connections for as long as the block lasts."""
        taken: set[asyncio.Task[None]] = set()

        async def take(reader: StreamReader, writer: StreamWriter) -> None:
            task = asyncio.create_task(self._take(reader, writer))
            taken.add(task)
            await asyncio.wait({task})
            writer.close()

        server = await asyncio.start_server(take, "127.0.0.1", 0)
        here = self._url.set(host="127.0.0.1", port=server.sockets[0].getsockname()[1], query={})
        self.database_url = here.render_as_string(hide_password=False)
        try:
            yield
        finally:
            server.close()
            for task in taken:
                task.cancel()

    async def _take(self, reader: StreamReader, writer: StreamWriter) -> None:
        passing = self._passing
        await passing.wait()
        socket = Path(str(self._url.query["host"])) / f".s.PGSQL.{self._url.query['port']}"
        from_postgres, to_postgres = await asyncio.open_unix_connection(socket)
        both = {
            asyncio.create_task(self._ask(reader, to_postgres, passing)),
            asyncio.create_task(_answer(from_postgres, writer, passing)),
        }
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in both:
                each.cancel()
            to_postgres.close()

    async def _ask(self, reader: StreamReader, writer: StreamWriter, passing: asyncio.Event) -> None:
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                await passing.wait()
                self.asked += 1
                writer.write(data)
                await writer.drain()


async def _answer(reader: StreamReader, writer: StreamWriter, passing: asyncio.Event) -> None:
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            await passing.wait()
            writer.write(data)
            await writer.drain()
