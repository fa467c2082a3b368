"""What a second worker brings on the cores that there are, and what memory workers take."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from loadtests.speed.budgets import WORKER_MIB, Bound
from loadtests.speed.cases import MANY, OWN
from loadtests.speed.processes import pss_mib
from loadtests.speed.serving import BARE, Server, server
from loadtests.speed.sites import Ground
from loadtests.speed.wrk import run_wrk, script

CONNECTIONS, RUNS, RUN_S = 64, 3, 2
HOT_PROFILES = 100_000


class Crew(NamedTuple):
    """So many workers: requests per second of the bare app and of ours, and the memory of each of ours."""

    workers: int
    bare_per_s: float
    ours_per_s: float
    mib: list[float]


async def crews(ground: Ground) -> list[Crew]:
    """Measure one worker and two, of the bare app and of ours, each server alone."""
    await ground.know(MANY, range(HOT_PROFILES))
    return [await _crew(ground, workers) for workers in (1, 2)]


async def _crew(ground: Ground, workers: int) -> Crew:
    async with server(BARE, ground, workers) as bare:
        bare_per_s = await _most_per_s(ground, bare)
    async with server(OWN, ground, workers) as ours:
        asked = 0
        while asked < HOT_PROFILES:
            asked += await _run(ground, ours, range(asked, HOT_PROFILES)) * RUN_S
        mib = [pss_mib(pid) for pid in ours.pids]
        return Crew(workers, bare_per_s, await _most_per_s(ground, ours), mib)


async def _most_per_s(ground: Ground, one: Server) -> float:
    return max([await _run(ground, one, range(4_096)) for _ in range(RUNS)])


async def _run(ground: Ground, one: Server, numbers: range) -> int:
    """Ask for visitors in turn; answers how many were answered per second, rounded down."""
    script_file = ground.folder / "wrk.lua"
    script_file.write_text(script(ground.sites[MANY].public_key, numbers))
    told = await asyncio.to_thread(run_wrk, script_file, one.url, CONNECTIONS, RUN_S)
    ground.drop_shipped()
    return int(told.requests / told.seconds)


def workers_table(found: Sequence[Crew]) -> Iterator[str]:
    """Write down throughput and memory by the number of workers."""
    yield "| workers | bare, requests/s | ours, requests/s | ours ÷ bare | MiB each |\n|---|---|---|---|---|"
    for crew in found:
        rates = f"{crew.bare_per_s:,.0f} | {crew.ours_per_s:,.0f} | {crew.ours_per_s / crew.bare_per_s:.2f}"
        yield f"| {crew.workers} | {rates} | {', '.join(f'{mib:.0f}' for mib in crew.mib)} |"


def memory_bounds(found: Sequence[Crew]) -> Iterator[Bound]:
    """Hold the largest worker against what one may take."""
    largest = max(mib for crew in found for mib in crew.mib)
    yield Bound("MiB of a worker", largest, WORKER_MIB, at_least=False)
