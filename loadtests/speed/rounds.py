"""Variants measured in turn, round after round; what counts is the cheapest round of each."""

import gc
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from time import thread_time_ns
from typing import Any, NamedTuple

from loadtests.connection import Answer
from loadtests.speed.wire import Lines

# Short samples, often: a machine that others use too is quiet for milliseconds only.
ROUNDS = 41
REQUESTS = 256


class Ask(NamedTuple):
    """A request, and what its answer must hold: raises ValueError where it is another."""

    request: bytes
    check: Callable[[Answer], None]


class Variant(NamedTuple):
    """What is asked on which connections. `counted` is how many answers one stands for."""

    case: Hashable
    lines: Lines
    drawn: Iterator[Ask]
    requests: int = REQUESTS
    counted: int = 1


async def cost_us(variant: Variant) -> float:
    """Ask one round; answers the CPU of this thread per answer, in µs, kernel included, other threads not."""
    count = variant.lines.count
    turns = [[next(variant.drawn) for _ in range(count)] for _ in range(variant.requests // count)]
    requests = [[ask.request for ask in turn] for turn in turns]
    gc.collect()
    start = thread_time_ns()
    for turn in requests:
        await variant.lines.exchange(turn)
    took_ns = thread_time_ns() - start
    _check(turns, variant.lines.answers())
    return took_ns / (len(turns) * count * variant.counted) / 1_000


def _check(turns: Sequence[Sequence[Ask]], answers: Sequence[Sequence[Answer]]) -> None:
    """Hold every answer against its request."""
    for line, answered in enumerate(answers):
        for turn, answer in zip(turns, answered, strict=True):
            turn[line].check(answer)


async def cheapest(
    variants: Sequence[Variant], rounds: int = ROUNDS, after_each: Callable[[], None] = lambda: None
) -> Mapping[Any, float]:
    """Measure all variants in each round, and take the cheapest round of each, in µs."""
    for variant in variants:
        await cost_us(variant)
    # What is there by now stays: a collection need not search it, neither in the service nor in the bench.
    gc.collect()
    gc.freeze()
    best = {variant.case: float("inf") for variant in variants}
    for _ in range(rounds):
        for variant in variants:
            best[variant.case] = min(best[variant.case], await cost_us(variant))
        after_each()
    gc.unfreeze()
    return best
