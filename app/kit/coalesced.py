"""Look-ups that wait for each other: all those of one event-loop turn are answered by one call."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

from app.kit.breaker import Breaker

K = TypeVar("K")
V = TypeVar("V")


class Coalesced(Generic[K, V]):
    """Asks `load_many` once for everything that was looked up in one turn of the loop, each key once.

    Who stops waiting takes nothing from the others. What `load_many` raises reaches all who wait for it; a
    call that takes longer than `within_s` ends in a TimeoutError, lest it hold a connection for ever. After
    several failures in a row `breaker` lets nobody wait for another: Resting.
    """

    def __init__(
        self,
        load_many: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]],
        *,
        within_s: float,
        breaker: Breaker,
    ) -> None:
        self._load_many = load_many
        self._within_s = within_s
        self._breaker = breaker
        self._waiting: list[tuple[Sequence[K], asyncio.Future[list[V | None]]]] = []
        self._calls: set[asyncio.Task[None]] = set()

    async def find_many(self, keys: Sequence[K]) -> list[V | None]:
        """Look keys up; None stands for each that there is nothing for."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            self._breaker.admit()
            loop.call_soon(self._call)
        future: asyncio.Future[list[V | None]] = loop.create_future()
        self._waiting.append((keys, future))
        return await future

    def _call(self) -> None:
        waiting, self._waiting = self._waiting, []
        call = asyncio.get_running_loop().create_task(self._answer(waiting))
        # The loop itself keeps only a weak hold on its tasks.
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)

    async def _answer(self, waiting: list[tuple[Sequence[K], asyncio.Future[list[V | None]]]]) -> None:
        wanted = list(dict.fromkeys(key for keys, _ in waiting for key in keys))
        try:
            async with asyncio.timeout(self._within_s):
                found = await self._load_many(wanted)
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to those who asked
            self._breaker.failed()
            for _, future in waiting:
                if not future.done():
                    future.set_exception(error)
            return
        self._breaker.succeeded()
        for keys, future in waiting:
            if not future.done():
                future.set_result([found.get(key) for key in keys])
