"""A PostgreSQL that lets everybody in and then says nothing any more, as one whose machine stands still."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_ENCRYPT = 80_877_103
_VERSION_3 = 196_608
_SAID = {
    "server_version": "16.3",
    "client_encoding": "UTF8",
    "server_encoding": "UTF8",
    "TimeZone": "UTC",
    "integer_datetimes": "on",
    "standard_conforming_strings": "on",
}


class SilentPostgres:
    """Where it is, and how many were let in."""

    def __init__(self) -> None:
        self.address = ""
        self.let_in = 0
        self._over = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Let in whoever comes, until the end of the block."""
        server = await asyncio.start_server(self._meet, "127.0.0.1", 0)
        self.address = f"postgresql://u:p@127.0.0.1:{server.sockets[0].getsockname()[1]}/d"
        try:
            yield
        finally:
            self._over.set()
            server.close()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await _asked(reader)
        while asked == _ENCRYPT:
            writer.write(b"N")
            asked = await _asked(reader)
        if asked == _VERSION_3:
            self.let_in += 1
            writer.write(_welcome())
        await self._over.wait()
        writer.close()


async def _asked(reader: asyncio.StreamReader) -> int:
    length = int.from_bytes(await reader.readexactly(4), "big")
    return int.from_bytes((await reader.readexactly(length - 4))[:4], "big")


def _welcome() -> bytes:
    said = b"".join(_message(b"S", f"{name}\0{value}\0".encode()) for name, value in _SAID.items())
    return _message(b"R", bytes(4)) + said + _message(b"K", struct.pack(">ii", 1, 1)) + _message(b"Z", b"I")


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack(">i", len(body) + 4) + body
