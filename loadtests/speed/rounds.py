"""Variants measured in turn, round after round; what counts is the cheapest that each turn ever was."""

import gc
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from statistics import mean
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


async def turns_ns(variant: Variant) -> list[int]:
    """Ask one round; answers the CPU of this thread for each turn, kernel included, other threads not."""
    count = variant.lines.count
    turns = [[next(variant.drawn) for _ in range(count)] for _ in range(variant.requests // count)]
    requests = [[ask.request for ask in turn] for turn in turns]
    took, exchange = [], variant.lines.exchange
    # So that the collector comes in the same turns of every round.
    gc.collect()
    for turn in requests:
        start = thread_time_ns()
        await exchange(turn)
        took.append(thread_time_ns() - start)
    _check(turns, variant.lines.answers())
    return took


def _check(turns: Sequence[Sequence[Ask]], answers: Sequence[Sequence[Answer]]) -> None:
    """Hold every answer against its request."""
    for line, answered in enumerate(answers):
        for turn, answer in zip(turns, answered, strict=True):
            turn[line].check(answer)


async def cheapest(
    variants: Sequence[Variant], rounds: int = ROUNDS, after_each: Callable[[], None] = lambda: None
) -> Mapping[Any, float]:
    """Measure all variants in each round; answers what each costs per answer, in µs.

    Of each turn the cheapest round counts: on a machine that others use too, no whole round is undisturbed.
    """
    for variant in variants:
        await turns_ns(variant)
    # What is there by now stays: a collection need not search it, neither in the service nor in the bench.
    gc.collect()
    gc.freeze()
    best: dict[Any, list[int]] = {}
    for _ in range(rounds):
        for variant in variants:
            took = await turns_ns(variant)
            best[variant.case] = [*map(min, best.get(variant.case, took), took)]
        after_each()
    gc.unfreeze()
    return {v.case: mean(best[v.case]) / (v.lines.count * v.counted * 1_000) for v in variants}
