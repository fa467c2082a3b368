"""Long work as a generator of small steps, so that whoever drives it may pause between any two."""

import heapq
from collections.abc import Callable, Generator, Iterable
from itertools import islice
from typing import Any, TypeAlias, TypeVar

S = TypeVar("S")
T = TypeVar("T")

Steps: TypeAlias = Generator[None, None, T]
"""Work that gives way after each step and returns its result at the end."""

_SORTED_AT_ONCE = 256


def finished(steps: Steps[T]) -> T:
    """Take all steps at once."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result


def each(make: Callable[[S], T], items: Iterable[S]) -> Steps[list[T]]:
    """List what is made of each item."""
    made = []
    for item in items:
        made.append(make(item))
        yield
    return made


def sorting(items: Iterable[T], key: Callable[[T], Any]) -> Steps[list[T]]:
    """Sort as `sorted` does: a run of items at a time, then one item at a time out of the runs."""
    left, runs = iter(items), []
    while run := sorted(islice(left, _SORTED_AT_ONCE), key=key):
        runs.append(run)
        yield
    merged = []
    for item in heapq.merge(*runs, key=key):
        merged.append(item)
        yield
    return merged


def letting_go(*owned: list[Any] | dict[Any, Any]) -> Steps[None]:
    """Empty lists and dicts, so that what nobody else holds is freed an element at a time."""
    for elements in owned:
        take = elements.popitem if isinstance(elements, dict) else elements.pop
        while elements:
            take()
            yield
