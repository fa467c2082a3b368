import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from app.kit.resumed import resumed


async def going_on(begun: Coroutine[Any, Any, str]) -> str:
    """Begin at once, and leave the rest to whoever awaits this."""
    return await resumed(begun, begun.send(None))


async def waiting(*futures: asyncio.Future[str]) -> str:
    return "".join([await future for future in futures])


def future_of(text: str | None = None) -> asyncio.Future[str]:
    future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    if text is not None:
        asyncio.get_running_loop().call_soon(future.set_result, text)
    return future


async def test_what_was_begun_ends_with_its_answer() -> None:
    assert await going_on(waiting(future_of("a"), future_of("b"), future_of("c"))) == "abc"


async def test_a_future_that_is_done_by_the_time_the_task_begins_is_no_obstacle() -> None:
    future = future_of()
    begun = waiting(future)
    task = asyncio.create_task(resumed_by(begun, begun.send(None)))
    future.set_result("done")

    assert await task == "done"


async def resumed_by(begun: Coroutine[Any, Any, str], waits_for: Any) -> str:
    return await resumed(begun, waits_for)


async def test_a_turn_of_the_loop_may_be_what_is_waited_for() -> None:
    async def turning() -> str:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return "turned"

    assert await going_on(turning()) == "turned"


async def test_what_a_future_raises_is_raised_where_it_is_waited_for() -> None:
    async def forgiving(future: asyncio.Future[str]) -> str:
        try:
            return await future
        except LookupError as error:
            return f"{error} {await future_of('forgiven')}"

    future = future_of()
    asyncio.get_running_loop().call_soon(future.set_exception, LookupError("lost"))

    assert await going_on(forgiving(future)) == "lost forgiven"


async def test_what_is_raised_may_be_the_end_of_it() -> None:
    async def content(future: asyncio.Future[str]) -> str:
        try:
            return await future
        except LookupError as error:
            return str(error)

    future = future_of()
    asyncio.get_running_loop().call_soon(future.set_exception, LookupError("lost"))

    assert await going_on(content(future)) == "lost"


async def test_what_it_raises_itself_is_raised() -> None:
    async def raising() -> str:
        await asyncio.sleep(0)
        raise LookupError("lost")

    with pytest.raises(LookupError, match="lost"):
        await going_on(raising())


async def test_to_cancel_it_is_to_cancel_what_it_waits_for() -> None:
    future = future_of()
    task = asyncio.create_task(going_on(waiting(future)))
    await asyncio.sleep(0)

    task.cancel()
    await asyncio.wait({task})

    assert task.cancelled()
    assert future.cancelled()


async def test_what_needs_a_task_has_one_once_it_has_waited() -> None:
    async def late() -> str:
        await asyncio.sleep(0)
        async with asyncio.timeout(0):
            return await future_of()

    with pytest.raises(TimeoutError):
        await going_on(late())
