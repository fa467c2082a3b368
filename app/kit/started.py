"""Child processes whose start holds nobody up.

uvloop starts one by `fork`, which copies the page tables of this whole process: 15 ms of the event loop where
it has 400 MB. `subprocess` starts it by `vfork`, in less than 1 ms.
"""

import asyncio
import os
import subprocess
import threading
from asyncio import StreamReader, StreamReaderProtocol, StreamWriter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Self

LOWEST_PRIORITY = 19


class Started:
    """A process that was started, and the other ends of its standard input and output."""

    def __init__(self, process: subprocess.Popen[bytes], stdin: StreamWriter, stdout: StreamReader) -> None:
        self.stdin = stdin
        self.stdout = stdout
        self._process = process
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        # Somebody has to wait for every process, else a zombie is left. The threads of a pool are few.
        threading.Thread(target=self._wait, daemon=True).start()

    @classmethod
    async def begin(cls, *command: str, behind: bool = False, pass_fds: Sequence[int] = ()) -> Self:
        """Start a process; one that is `behind` has the lowest priority, in a session of its own."""
        process = subprocess.Popen(  # noqa: ASYNC220, S603 - starting it does not block; the caller names a program of ours
            command,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=behind,
            pass_fds=pass_fds,
        )
        try:
            if behind:
                _put_behind(process.pid)
            return cls(process, await _writing_to(process.stdin), await _reading_from(process.stdout))
        except BaseException:
            with process:
                process.kill()
            raise

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """What it ended with, below 0 by a signal; None while it runs."""
        return self._process.poll()

    async def communicate(self, sent: bytes = b"") -> bytes:
        """Send it everything, and answer what it has printed when it ended."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self.stdin.write(sent)
            await self.stdin.drain()
        self.stdin.close()
        printed = await self.stdout.read()
        await self.wait()
        return printed

    async def wait(self) -> int:
        """Wait for its end; tells what it ended with."""
        await self._ended.wait()
        return self._process.returncode

    def terminate(self) -> None:
        """Tell it to end."""
        self._process.terminate()

    def kill(self) -> None:
        """End it."""
        self._process.kill()

    def _wait(self) -> None:
        self._process.wait()
        # Where the event loop has ended before, nobody waits any more.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._end)

    def _end(self) -> None:
        self.stdin.close()
        self._ended.set()


class _Reading(StreamReaderProtocol):
    """Reads up to the end, and closes the pipe then, which uvloop would leave open."""

    def eof_received(self) -> bool:
        super().eof_received()
        return False


def _put_behind(pid: int) -> None:
    """Let everybody else come first on a core that both want; nothing is said where it has ended already."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, LOWEST_PRIORITY)
        # Linux shares a core out among sessions first, by a priority of each (CONFIG_SCHED_AUTOGROUP).
        Path(f"/proc/{pid}/autogroup").write_text(str(LOWEST_PRIORITY), encoding="ascii")


async def _writing_to(pipe: IO[bytes] | None) -> StreamWriter:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.connect_write_pipe(lambda: StreamReaderProtocol(StreamReader()), pipe)
    return StreamWriter(transport, protocol, None, loop)


async def _reading_from(pipe: IO[bytes] | None) -> StreamReader:
    reader = StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: _Reading(reader), pipe)
    return reader
