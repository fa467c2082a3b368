"""What the tests of the shipper share: a fold that remembers, what is stored, and a wire that can be cut."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
from sqlalchemy.engine import make_url

from app.engine.records import Assignment, Inputs, Record
from app.journal.append import SEGMENT_BYTES, FileJournal
from app.journal.ship import Shipper

# How a lost connection shows, whoever notices it first.
LOST = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.AdminShutdownError, OSError)
Outage = Callable[[asyncpg.Connection], Awaitable[object]]


class Remembering:
    """A fold that keeps what it is given, and may be told to do something else first, once."""

    def __init__(self) -> None:
        self.batches: list[list[Record]] = []
        self._first: list[Outage] = []

    def next_time(self, do: Outage) -> None:
        """Do something with the connection before the next records are taken in."""
        self._first.append(do)

    async def settled(
        self, _connection: asyncpg.Connection, records: Sequence[Record], _said: Sequence[Record]
    ) -> Sequence[Record]:
        """Settle events as if nothing had been said."""
        return records

    async def fold_in(
        self, connection: asyncpg.Connection, records: Sequence[Record], store: Callable[[], Awaitable[None]]
    ) -> None:
        """Remember the records, though their transaction may still fail."""
        await store()
        if self._first:
            await self._first.pop(0)(connection)
        self.batches.append(list(records))

    @property
    def records(self) -> list[Record]:
        """All records in the order they came in."""
        return [record for batch in self.batches for record in batch]


async def fail(_connection: asyncpg.Connection) -> None:
    """Fail as a fold with a mistake in it would."""
    raise ZeroDivisionError


async def mistake(_connection: asyncpg.Connection) -> None:
    """Fail as a fold would that takes a record for what it is not."""
    raise ValueError("no fault of the records")


async def die(connection: asyncpg.Connection) -> None:
    """End the server's side of a connection."""
    await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")


class Case:
    """A journal folder, a site to be alone on, and what is stored of it."""

    def __init__(self, pool: asyncpg.Pool, site: int, journal_dir: Path) -> None:
        self.pool = pool
        self.site = site
        self.journal_dir = journal_dir
        self.fold = Remembering()
        self.shipper = self.new_shipper()
        self.journals: list[FileJournal] = []

    def new_shipper(self, pool: asyncpg.Pool | None = None, **options: float) -> Shipper:
        """Make a shipper that knows nothing of any other."""
        return Shipper(self.journal_dir, pool or self.pool, self.fold, **options)

    def new_journal(self, segment_bytes: int = SEGMENT_BYTES) -> FileJournal:
        """Open a stream."""
        self.journals.append(FileJournal(self.journal_dir, segment_bytes=segment_bytes))
        return self.journals[-1]

    async def events(self) -> list[str]:
        """List the ids of the site's stored events."""
        rows = await self.pool.fetch("SELECT id FROM events WHERE site_id = $1", self.site)
        return sorted(row["id"] for row in rows)

    async def decisions(self) -> list[str]:
        """List the decisions of the site's stored assignments."""
        rows = await self.pool.fetch("SELECT decision_id FROM assignments WHERE site_id = $1", self.site)
        return sorted(str(row["decision_id"]) for row in rows)

    async def rest(self) -> list[str]:
        """List what else is stored of the site: the changes of profiles, and what decisions rest on."""
        query = "SELECT id FROM {} WHERE site_id = $1"
        tables = ("profile_changes", "decisions")
        rows = [row for table in tables for row in await self.pool.fetch(query.format(table), self.site)]
        return sorted(str(row["id"]) for row in rows)

    async def positions(self) -> list[tuple[int, int]]:
        """List how far each stream that lies in the folder is stored."""
        query = "SELECT segment, position FROM journal_positions WHERE stream = ANY ($1) ORDER BY stream"
        return [tuple(row) for row in await self.pool.fetch(query, self.streams())]

    async def wind_back(self, segment: int = 0, position: int = 0) -> None:
        """Make PostgreSQL forget how far it was, as one restored from a backup has."""
        query = "UPDATE journal_positions SET segment = $2, position = $3 WHERE stream = ANY ($1)"
        await self.pool.execute(query, self.streams(), segment, position)

    def streams(self) -> list[str]:
        """List the streams in the folder."""
        return sorted(path.name for path in self.journal_dir.glob("*-*-*-*-*"))

    def kept(self) -> list[Path]:
        """List the files that were set aside."""
        return sorted(self.journal_dir.glob("refused/*"))


def ids_of(records: Sequence[Record]) -> list[str]:
    """List what records are stored under."""
    return sorted(one.decision_id if isinstance(one, Assignment | Inputs) else one.id for one in records)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something that will be so."""
    async with asyncio.timeout(60):
        while not await holds():  # noqa: ASYNC110 - what is waited for is in another process
            await asyncio.sleep(0.01)


class Wire:
    """A way to the server that fails at the first COMMIT.

    It is cut `before` or `after` the server has done it, or nothing comes through any more: `silence`.
    """

    def __init__(self, database_url: str, fault: str) -> None:
        self._url = make_url(database_url)
        self._fault: str | None = fault

    @property
    def has_failed(self) -> bool:
        """Whether the first COMMIT has come."""
        return self._fault is None

    @asynccontextmanager
    async def pool(self) -> AsyncIterator[asyncpg.Pool]:
        """Open a pool whose connections go this way."""
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        where = {
            "host": "127.0.0.1",
            "port": port,
            "user": self._url.username,
            "database": self._url.database,
        }
        async with server, asyncpg.create_pool(**where, ssl=False, min_size=0) as pool:
            yield pool

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_unix_connection(self._socket())
        answering = asyncio.create_task(_pump(from_server, writer))
        commit = await _pump(reader, to_server, until=b"COMMIT;" if self._fault else None)
        answering.cancel()
        await asyncio.wait({answering})
        if commit:
            fault, self._fault = self._fault, None
            if fault == "after":
                to_server.write(commit)
                assert b"COMMIT" in await from_server.read(2**16)
            elif fault == "silence":
                await reader.read()
        for end in (to_server, writer):
            end.close()

    def _socket(self) -> str:
        return f"{self._url.query['host']}/.s.PGSQL.{self._url.port or self._url.query.get('port', 5432)}"


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, until: bytes | None = None
) -> bytes:
    """Carry bytes to the other side until it ends, or some are to come that are not carried but answered."""
    with suppress(ConnectionError):
        while data := await reader.read(2**16):
            if until is not None and until in data:
                return data
            writer.write(data)
    writer.close()
    return b""
