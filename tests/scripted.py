"""Servers that pass for Valkey and say what a test has them say."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import hiredis

from app.storage.valkey import Valkey

HELLO = b"%1\r\n$5\r\nproto\r\n:3\r\n"


class Scripted:
    """Answers the greeting as it should, and then as it is told: a list of what to say to each command."""

    def __init__(self, *says: bytes | None) -> None:
        self.heard: list[list[bytes]] = []
        self._says = list(says)

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HELLO)
        parser, is_greeted = hiredis.Reader(), False
        while data := await reader.read(65_536):
            parser.feed(data)
            while (command := parser.gets()) is not False:
                if is_greeted and not await self._answer(command, writer):
                    return
                is_greeted = True
        writer.close()

    async def _answer(self, command: list[bytes], writer: asyncio.StreamWriter) -> bool:
        self.heard.append(command)
        says = self._says.pop(0) if self._says else b"+OK\r\n"
        if says is None:
            writer.close()
            return False
        # Byte by byte, as the worst of networks brings it.
        for place in range(len(says)):
            writer.write(says[place : place + 1])
            await writer.drain()
            await asyncio.sleep(0)
        return True


@asynccontextmanager
async def scripted(folder: Path, says: Sequence[bytes | None]) -> AsyncIterator[tuple[Scripted, Valkey]]:
    server = Scripted(*says)
    listening = await asyncio.start_unix_server(server.meet, folder / "scripted.sock")
    valkey = Valkey(f"unix://{folder / 'scripted.sock'}")
    yield server, valkey
    valkey.close()
    listening.close()
    await listening.wait_closed()


class Deaf:
    """Counts what it is asked, and answers with the number once it `says` anything."""

    def __init__(self) -> None:
        self.says = asyncio.Event()
        self.asked = 0

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        parser, is_greeted = hiredis.Reader(), False
        writer.write(HELLO)
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                parser.feed(data)
                while parser.gets() is not False:
                    if is_greeted:
                        await self.says.wait()
                        writer.write(b"$%d\r\n%d\r\n" % (len(str(self.asked)), self.asked))
                        self.asked += 1
                    is_greeted = True
        writer.close()


@asynccontextmanager
async def deaf(folder: Path) -> AsyncIterator[tuple[Deaf, Valkey]]:
    server = Deaf()
    listening = await asyncio.start_unix_server(server.meet, folder / "deaf.sock")
    valkey = Valkey(f"unix://{folder / 'deaf.sock'}")
    yield server, valkey
    valkey.close()
    server.says.set()
    listening.close()
    await listening.wait_closed()
