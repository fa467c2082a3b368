"""A coroutine that was begun outside a task, and goes on in one."""

from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any, TypeVar

T = TypeVar("T")


@coroutine
def resumed(begun: Coroutine[Any, Any, T], waits_for: Any) -> Generator[Any, Any, T]:
    """Go on with what was begun by `send(None)`, which answered what the coroutine waits for.

    The task is told of that as if the coroutine had only now come to it: a future that is done meanwhile goes
    on at once, and whoever cancels the task cancels what is waited for.
    """
    while True:
        try:
            yield waits_for
        except BaseException as error:  # noqa: BLE001 - whatever it is, it belongs to the coroutine
            raised = error
        else:
            return (yield from begun.__await__())
        try:
            waits_for = begun.throw(raised)
        except StopIteration as done:
            answer: T = done.value
            return answer
