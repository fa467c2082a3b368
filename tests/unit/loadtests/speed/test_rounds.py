from collections.abc import Iterator

import pytest

from loadtests.connection import Answer
from loadtests.speed.asking import constant
from loadtests.speed.cases import bare_config
from loadtests.speed.rounds import Ask, Variant, cheapest
from loadtests.speed.wire import Lines


async def test_every_case_gets_a_figure_and_is_asked_in_every_round() -> None:
    drawn: list[str] = []

    def noted(name: str) -> Iterator[Ask]:
        for ask in constant("pk_1"):
            drawn.append(name)
            yield ask

    lines = Lines(bare_config(), 2)
    variants = [Variant(name, lines, noted(name), requests=4) for name in ("a", "b")]
    rounds_over: list[int] = []
    best = await cheapest(variants, 3, lambda: rounds_over.append(len(drawn)))
    assert [*best] == ["a", "b"]
    assert all(0 < cost < float("inf") for cost in best.values())
    # A round to get warm comes first.
    assert rounds_over == [16, 24, 32]
    assert drawn[:8] == ["a"] * 4 + ["b"] * 4


async def test_a_batch_is_told_by_each_of_its_own() -> None:
    lines = Lines(bare_config(), 2)
    one = Variant("one", lines, constant("pk_1"), requests=4)
    many = Variant("many", lines, constant("pk_1"), requests=4, counted=1_000)
    best = await cheapest([one, many], 3)
    assert best["many"] < best["one"]


async def test_a_wrong_answer_ends_it() -> None:
    def refuse(answer: Answer) -> None:
        raise ValueError(f"{answer.status} is not what was asked for")

    asks = (Ask(ask.request, refuse) for ask in constant("pk_1"))
    with pytest.raises(ValueError, match="200 is not what was asked for"):
        await cheapest([Variant("a", Lines(bare_config(), 1), asks, requests=1)], 1)
