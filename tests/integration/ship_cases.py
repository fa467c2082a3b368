"""What the tests of the shipper share: a fold that remembers, what is stored, and a wire that can be cut."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress

import asyncpg
from sqlalchemy.engine import make_url

from app.engine.records import Record


class Remembering:
    """A fold that keeps what it is given, and does something else first where it is told to."""

    def __init__(self, *first: Callable[[asyncpg.Connection], Awaitable[object]]) -> None:
        self.batches: list[list[Record]] = []
        self._first = list(first)

    async def fold_in(self, connection: asyncpg.Connection, records: Sequence[Record]) -> None:
        """Remember the records, though their transaction may still fail."""
        if self._first:
            await self._first.pop(0)(connection)
        self.batches.append(list(records))

    @property
    def records(self) -> list[Record]:
        """All records in the order they came in."""
        return [record for batch in self.batches for record in batch]


async def die(connection: asyncpg.Connection) -> None:
    """End the server's side of a connection."""
    await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")


async def event_ids(pool: asyncpg.Pool, site: int) -> list[str]:
    """List the ids of the stored events of a site."""
    return [row["id"] for row in await pool.fetch("SELECT id FROM events WHERE site_id = $1", site)]


async def decision_ids(pool: asyncpg.Pool, site: int) -> list[str]:
    """List the decisions of the stored assignments of a site."""
    rows = await pool.fetch("SELECT decision_id FROM assignments WHERE site_id = $1", site)
    return [str(row["decision_id"]) for row in rows]


async def position_of(pool: asyncpg.Pool, stream: str) -> tuple[int, int] | None:
    """Find how far a stream is stored."""
    row = await pool.fetchrow("SELECT segment, position FROM journal_positions WHERE stream = $1", stream)
    return None if row is None else (row["segment"], row["position"])


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something that will be so."""
    async with asyncio.timeout(20):
        while not await holds():  # noqa: ASYNC110 - what is waited for is in another process
            await asyncio.sleep(0.01)


class Wire:
    """A way to the server that is cut at the first COMMIT, `before` or `after` the server has done it."""

    def __init__(self, database_url: str, cut: str) -> None:
        self._url = make_url(database_url)
        self._cut: str | None = cut

    @asynccontextmanager
    async def pool(self) -> AsyncIterator[asyncpg.Pool]:
        """Open a pool whose connections go this way."""
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        where = {"host": "127.0.0.1", "port": port, "user": self._url.username, "database": self._url.database}
        async with server, asyncpg.create_pool(**where, ssl=False, min_size=0) as pool:
            yield pool

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_unix_connection(self._socket())
        answering = asyncio.create_task(_pump(from_server, writer))
        with suppress(ConnectionError):
            while data := await reader.read(2**16):
                if self._cut is not None and b"COMMIT;" in data:
                    answering.cancel()
                    await self._cut_here(data, from_server, to_server)
                    break
                to_server.write(data)
        answering.cancel()
        to_server.close()
        writer.close()

    async def _cut_here(
        self, data: bytes, from_server: asyncio.StreamReader, to_server: asyncio.StreamWriter
    ) -> None:
        if self._cut == "after":
            to_server.write(data)
            assert b"COMMIT" in await from_server.read(2**16)
        self._cut = None

    def _socket(self) -> str:
        return f"{self._url.query['host']}/.s.PGSQL.{self._url.port or self._url.query.get('port', 5432)}"


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(2**16):
            writer.write(data)
