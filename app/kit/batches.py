"""A crowd taken some at a time."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def in_batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Take `size` items at a time, the last ones perhaps fewer; items are made when their batch is taken."""
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch
