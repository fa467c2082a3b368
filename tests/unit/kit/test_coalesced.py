"""Look-ups of one turn of the loop."""

import asyncio
from collections.abc import Sequence

import pytest

from app.kit.breaker import FAILURES, Breaker, Resting
from app.kit.coalesced import Coalesced


class Shelf:
    """Answers each key with itself in capitals, and remembers what it was asked."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.asked = asyncio.Event()
        self.go = asyncio.Event()
        self.go.set()

    async def load_many(self, keys: Sequence[str]) -> dict[str, str]:
        self.calls.append(list(keys))
        self.asked.set()
        await self.go.wait()
        if "bad" in keys:
            raise LookupError("bad")
        return {key: key.upper() for key in keys if key != "absent"}


async def test_all_look_ups_of_one_turn_are_one_call() -> None:
    shelf = Shelf()
    reads = Coalesced(shelf.load_many, within_s=60, breaker=Breaker())
    found = await asyncio.gather(reads.find_many(["a", "b"]), reads.find_many(["b", "c"]))
    assert list(found) == [["A", "B"], ["B", "C"]]
    assert shelf.calls == [["a", "b", "c"]]


async def test_a_later_turn_is_another_call() -> None:
    shelf = Shelf()
    reads = Coalesced(shelf.load_many, within_s=60, breaker=Breaker())
    await reads.find_many(["a"])
    await reads.find_many(["a"])
    assert shelf.calls == [["a"], ["a"]]


async def test_what_there_is_nothing_for_is_none() -> None:
    reads = Coalesced(Shelf().load_many, within_s=60, breaker=Breaker())
    assert await reads.find_many(["absent", "a"]) == [None, "A"]


async def test_who_stops_waiting_takes_nothing_from_the_others() -> None:
    shelf = Shelf()
    shelf.go.clear()
    reads = Coalesced(shelf.load_many, within_s=60, breaker=Breaker())
    impatient = asyncio.create_task(reads.find_many(["a"]))
    patient = asyncio.create_task(reads.find_many(["a"]))
    await shelf.asked.wait()
    impatient.cancel()
    shelf.go.set()
    assert await patient == ["A"]
    with pytest.raises(asyncio.CancelledError):
        await impatient


async def test_a_failure_reaches_everybody_who_waits_for_it() -> None:
    shelf = Shelf()
    shelf.go.clear()
    reads = Coalesced(shelf.load_many, within_s=60, breaker=Breaker())
    asked = [asyncio.create_task(reads.find_many([key])) for key in ("gone", "a", "bad")]
    await shelf.asked.wait()
    asked.pop(0).cancel()
    shelf.go.set()
    for task in asked:
        with pytest.raises(LookupError, match="bad"):
            await task


async def test_a_call_that_takes_too_long_is_ended_for_everybody() -> None:
    shelf = Shelf()
    shelf.go.clear()
    reads = Coalesced(shelf.load_many, within_s=0.01, breaker=Breaker())
    with pytest.raises(TimeoutError):
        await reads.find_many(["a"])
    shelf.go.set()
    assert await reads.find_many(["a"]) == ["A"]


async def test_what_has_failed_again_and_again_is_left_in_peace() -> None:
    shelf = Shelf()
    reads = Coalesced(shelf.load_many, within_s=60, breaker=Breaker())
    for _ in range(FAILURES):
        with pytest.raises(LookupError, match="bad"):
            await reads.find_many(["bad"])

    with pytest.raises(Resting):
        await reads.find_many(["a"])

    assert len(shelf.calls) == FAILURES
