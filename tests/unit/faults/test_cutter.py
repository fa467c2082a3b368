"""The proxy, between a client and a server that both only count what they hear."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.faults.cutter import Cutter
from tests.waiting import until

BATCH = b"INSERT INTO journal_positions ..."
SOCKET = ".s.PGSQL.5432"


class Listener:
    """Answers everything it hears with `done`."""

    def __init__(self) -> None:
        self.heard = b""

    async def __call__(self, reader: StreamReader, writer: StreamWriter) -> None:
        while data := await reader.read(1_000):
            self.heard += data
            writer.write(b"done")
        writer.close()


@asynccontextmanager
async def _through(
    cutter: Cutter, folder: Path
) -> AsyncIterator[tuple[StreamReader, StreamWriter, Listener]]:
    listener = Listener()
    server = await asyncio.start_unix_server(listener, folder / "server")
    async with cutter.passing_to(folder / "server"):
        reader, writer = await asyncio.open_unix_connection(cutter.folder / SOCKET)
        yield reader, writer, listener
        writer.close()
        await writer.wait_closed()
    server.close()


async def _cut(cutter: Cutter, folder: Path, *, before: bool, heard: bytes) -> bytes:
    """Commit a batch through a cutter that is asked to cut it; the server hears so much, the client what?"""
    async with _through(cutter, folder) as (reader, writer, listener):
        writer.write(BATCH)
        assert await reader.read(100) == b"done"
        cut = asyncio.create_task(cutter.cut_next(before=before, within_s=5))
        await asyncio.sleep(0)
        writer.write(b"COMMIT;")
        told = await reader.read()
        assert await cut
        await until(lambda: _is(listener.heard, heard))
        return told


async def _is(heard: bytes, expected: bytes) -> bool:
    return heard == expected


async def test_a_commit_that_is_cut_before_is_heard_by_nobody(tmp_path: Path) -> None:
    assert await _cut(Cutter(tmp_path / "through"), tmp_path, before=True, heard=BATCH) == b""


async def test_a_commit_that_is_cut_after_is_done_and_nobody_is_told(tmp_path: Path) -> None:
    assert await _cut(Cutter(tmp_path / "through"), tmp_path, before=False, heard=BATCH + b"COMMIT;") == b""


async def test_everything_passes_that_is_no_commit_of_a_batch(tmp_path: Path) -> None:
    cutter = Cutter(tmp_path / "through")
    async with _through(cutter, tmp_path) as (reader, writer, listener):
        cut = asyncio.create_task(cutter.cut_next(before=True, within_s=0.1))
        await asyncio.sleep(0)
        writer.write(b"COMMIT;")

        assert await reader.read(100) == b"done"
        assert not await cut
        assert listener.heard == b"COMMIT;"
