"""Looking at documents in a process of its own, one after the other."""

import asyncio
import logging
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from time import time
from typing import Any

import msgspec

from app.admin.findings import Lint, not_checked
from app.engine.problems import Problem, Problems
from app.kit.batches import in_batches
from app.kit.slices import in_slices
from app.kit.started import Started
from app.kit.steps import Steps

GRACE_S = 1.0
IDLE_S = 300.0
START_S = 300.0
_WORKER = (sys.executable, "-m", "app.admin.lint.worker")
# As the worker reads and writes it. To import it here would bring the solver into this process.
_SIZE_BYTES = 8
_AT_ONCE = 20

_log = logging.getLogger(__name__)


class _Outcome(msgspec.Struct, frozen=True):
    report: msgspec.Raw
    problems: tuple[Problem, ...]


class ProcessLinter:
    """Keeps a process for whoever asks; it is started when it is needed and ends when it long was not.

    A process that dies, or does not answer in its time, is replaced by the next one. One that is not yet
    ready is kept for whoever asks next: on a busy host it would never get there.
    """

    def __init__(self, *, idle_s: float = IDLE_S, grace_s: float = GRACE_S, start_s: float = START_S) -> None:
        self._idle_s = idle_s
        self._grace_s = grace_s
        self._start_s = start_s
        self._turn = asyncio.Lock()
        self._process: Started | None = None
        self._is_ready = False
        self._rest: asyncio.TimerHandle | None = None

    @property
    def pid(self) -> int | None:
        """The process that is kept, if there is one."""
        return None if self._process is None else self._process.pid

    async def lint(self, document: Mapping[str, Any], now: datetime, *, within_s: float) -> Lint:
        """Look at a document; what is not looked at in time, or by a process that dies, is not checked.

        Raises:
            Problems: everything that is wrong with the document.

        """
        ends_at = time() + within_s
        try:
            async with asyncio.timeout(within_s + self._grace_s), self._turn:
                task = await in_slices(_writing(document, {"now": now, "ends_at": ends_at}))
                async with asyncio.timeout(ends_at - time()):
                    process = await self._ready()
                answer = await self._asked(process, task)
        except (TimeoutError, OSError, EOFError) as error:
            _log.warning("lint came to no end: %r", error)
            return not_checked()
        outcome = msgspec.json.decode(answer, type=_Outcome)
        if outcome.problems:
            raise Problems(outcome.problems)
        return Lint.model_validate_json(bytes(outcome.report))

    async def aclose(self) -> None:
        """End the process."""
        process = self._process
        self._drop()
        if process is not None:
            await process.wait()

    def _drop(self) -> None:
        """End the process without waiting: it comes last on its core, even with what its death takes."""
        self._stay_up()
        process, self._process = self._process, None
        if process is not None:
            process.stdin.close()
            process.kill()

    async def _ready(self) -> Started:
        if self._process is None or self._process.returncode is not None:
            self._stay_up()
            # Whoever waits for a page comes first; and Ctrl-C shall reach it only through us.
            self._process, self._is_ready = await Started.begin(*_WORKER, behind=True), False
            self._rest = asyncio.get_running_loop().call_later(self._start_s, self._drop)
        process = self._process
        if not self._is_ready:
            self._is_ready = bool(await process.stdout.read(1))
            if not self._is_ready:
                self._drop()
                raise EOFError("its process ended before it was ready")
        return process

    async def _asked(self, process: Started, task: Sequence[bytes]) -> bytes:
        self._stay_up()
        try:
            answer = await _exchanged(process, task)
        except BaseException:
            # What is half asked would be answered to the next who asks.
            self._drop()
            raise
        self._rest = asyncio.get_running_loop().call_later(self._idle_s, self._let_go)
        return answer

    def _stay_up(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None

    def _let_go(self) -> None:
        """Tell the process that nobody asks any more."""
        if self._process is not None:
            self._process.stdin.close()
        self._process = None


async def _exchanged(process: Started, task: Sequence[bytes]) -> bytes:
    stdin, stdout = process.stdin, process.stdout
    stdin.write(sum(map(len, task)).to_bytes(_SIZE_BYTES))
    for piece in task:
        stdin.write(piece)
        await stdin.drain()
    return await stdout.readexactly(int.from_bytes(await stdout.readexactly(_SIZE_BYTES)))


def _writing(document: Mapping[str, Any], more: Mapping[str, Any]) -> Steps[list[bytes]]:
    """Write a task as JSON, in pieces of some resources each: a large document takes long."""
    pieces = [b'{"document":{']
    for place, (name, value) in enumerate(document.items()):
        pieces += [b"," if place else b"", msgspec.json.encode(name), b":"]
        if isinstance(value, list):
            pieces += [b"[", *(yield from _elements(value)), b"]"]
        else:
            pieces.append(msgspec.json.encode(value))
    return [*pieces, b"},", msgspec.json.encode(more)[1:]]


def _elements(values: list[Any]) -> Steps[list[bytes]]:
    """Write what stands between the brackets of an array."""
    pieces = []
    for place, batch in enumerate(in_batches(values, _AT_ONCE)):
        pieces += [b"," if place else b"", msgspec.json.encode(batch)[1:-1]]
        yield
    return pieces
