import asyncio
from math import isnan

import pytest

from loadtests.speed.bare import CONSTANT
from loadtests.speed.generator import Latencies
from loadtests.speed.open_model import Pair, generated, latency_bounds, latency_table


def run(p50: float, p99: float) -> Latencies:
    return Latencies(1_000, 0, 0, per_s=500, p50_us=p50, p99_us=p99, p999_us=10 * p99, late_us=7)


def pairs(*ratios: float) -> list[Pair]:
    return [Pair(run(100 * ratio, 400 * ratio), run(100, 400)) for ratio in ratios]


def test_a_pair_is_told_by_its_ratios() -> None:
    assert Pair(run(300, 900), run(100, 450)).ratios == (3, 2, 2)


def test_one_bad_pair_among_many_decides_nothing() -> None:
    assert all(bound.holds for bound in latency_bounds(pairs(1, 1.5, 9), pairs(2, 9, 1)))


@pytest.mark.parametrize(
    ("half", "publishing", "broken"),
    [
        (1.6, 1.0, ["p50 at 50 %, ours ÷ bare", "p99 at 50 %, ours ÷ bare"]),
        (1.0, 2.1, ["p99 during a publish, ours ÷ bare"]),
    ],
)
def test_the_median_ratio_is_bounded(half: float, publishing: float, broken: list[str]) -> None:
    bounds = latency_bounds(pairs(half), pairs(publishing))
    assert [bound.what for bound in bounds if not bound.holds] == broken


def test_the_table_shows_both_and_the_generator_s_own_ceiling() -> None:
    lines = [*latency_table({"half": pairs(1, 2, 3)}, run(1, 1))]
    assert lines[2] == "| half | 500 | 200, 100 (2.00) | 800, 400 (2.00) | 8,000, 4,000 (2.00) | 7, 7 |"
    assert "500 times a second" in lines[-1]


def test_a_run_without_an_answer_holds_no_bound() -> None:
    nothing = run(float("nan"), float("nan"))
    assert isnan(Pair(nothing, run(1, 1)).ratios[0])
    assert not any(
        bound.holds for bound in latency_bounds([Pair(nothing, run(1, 1))], [Pair(nothing, run(1, 1))])
    )


async def test_a_run_that_does_not_get_beyond_its_warm_up_tells_what_it_sent() -> None:
    async def serve_slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(65_536):
            await asyncio.sleep(0.1)
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + CONSTANT)
        writer.close()

    async with await asyncio.start_server(serve_slowly, "127.0.0.1", 0) as server:
        told = await generated(server.sockets[0].getsockname()[1], "pk_1", 100_000, 0.1)
    assert (told.wrong, told.answered + told.unsent) == (0, 60_000)
    assert 0 < told.per_s < 2_000
    assert isnan(told.late_us)
