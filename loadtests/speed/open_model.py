"""How long answers take at a fixed rate, beside the bare app at the same rate, run by run in turn."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from statistics import median
from typing import NamedTuple

import httpx
import msgspec

from loadtests.speed.budgets import LATENCY, LATENCY_IN_PUBLISH, Bound
from loadtests.speed.cases import MANY
from loadtests.speed.generator import Latencies
from loadtests.speed.serving import Server
from loadtests.speed.sites import Ground, draft, publish

PAIRS, RUN_S = 5, 4.0
# Far more than can be sent: what is answered all the same is the generator's own ceiling.
_TOO_MUCH = 100_000.0

During = Callable[[], Awaitable[None]]


class Pair(NamedTuple):
    """Two runs next to each other, at the same rate."""

    ours: Latencies
    bare: Latencies

    @property
    def ratios(self) -> tuple[float, float, float]:
        """Compare ours with the bare app's, at p50, p99 and p99.9."""
        return (
            self.ours.p50_us / self.bare.p50_us,
            self.ours.p99_us / self.bare.p99_us,
            self.ours.p999_us / self.bare.p999_us,
        )


class OpenModel:
    """Runs the generator against the service and the bare app in turn."""

    def __init__(self, ground: Ground, ours: Server, bare: Server) -> None:
        self._ground = ground
        self._ours = ours
        self._bare = bare
        self._key = ground.sites[MANY].public_key

    async def ceiling(self) -> Latencies:
        """Measure how much the generator can ask of the bare app."""
        return await generated(self._bare.port, self._key, _TOO_MUCH, RUN_S)

    async def pairs(self, rate: float) -> list[Pair]:
        """Measure both at a rate, several times."""
        return [await self._pair(rate, _nothing) for _ in range(PAIRS)]

    async def published(self, rate: float) -> list[Pair]:
        """Measure both while 10,000 rules are published, which were put into the draft before."""
        site, found = self._ground.sites[MANY], []
        async with httpx.AsyncClient(base_url=self._ours.url, timeout=120) as client:
            for rules in range(MANY, MANY + PAIRS):
                await draft(client, site, rules)
                found.append(await self._pair(rate, partial(publish, client, site)))
        return found

    async def _pair(self, rate: float, during: During) -> Pair:
        """Measure both; `during` happens in the midst of our run."""
        bare = await generated(self._bare.port, self._key, rate, RUN_S)
        meanwhile = asyncio.create_task(_after(RUN_S / 4, during))
        ours = await generated(self._ours.port, self._key, rate, RUN_S)
        await meanwhile
        return Pair(ours, bare)


async def _nothing() -> None:
    pass


async def _after(seconds: float, during: During) -> None:
    await asyncio.sleep(seconds)
    await during()


async def generated(port: int, key: str, rate: float, seconds: float) -> Latencies:
    """Run the generator in a process of its own.

    Raises:
        RuntimeError: it failed, or an answer was wrong.

    """
    asked = [str(port), key, str(rate), str(seconds)]
    command = [sys.executable, "-m", "loadtests.speed.generator", *asked]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    said, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"the generator ended with {process.returncode}")
    told = msgspec.msgpack.decode(said, type=Latencies)
    if told.wrong:
        raise RuntimeError(f"{told.wrong} of {told.answered} answers were wrong")
    return told


@asynccontextmanager
async def shipping(ground: Ground) -> AsyncIterator[None]:
    """Run the shipper, on whatever core this process is kept to."""
    said = {
        "SIGNPOST_DATA_DIR": str(ground.folder),
        "SIGNPOST_DATABASE_URL": ground.servers.database_url,
        "SIGNPOST_REDIS_URL": ground.servers.redis_url,
    }
    command = [sys.executable, "-m", "app.cli", "ship"]
    process = await asyncio.create_subprocess_exec(
        *command, env=os.environ | said, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


def latency_table(measured: Mapping[str, Sequence[Pair]], ceiling: Latencies) -> Iterator[str]:
    """Write down latencies and their ratios, each the median of all pairs."""
    yield "| ours, bare in µs (ratio) | per s | p50 | p99 | p99.9 | sent late, p99 |"
    yield "|---" * 6 + "|"
    for name, pairs in measured.items():
        cells = [
            f"{median(ours):,.0f}, {median(bare):,.0f} ({median(ratios):.2f})"
            for ours, bare, ratios in zip(
                zip(*((p.ours.p50_us, p.ours.p99_us, p.ours.p999_us) for p in pairs), strict=True),
                zip(*((p.bare.p50_us, p.bare.p99_us, p.bare.p999_us) for p in pairs), strict=True),
                zip(*(p.ratios for p in pairs), strict=True),
                strict=True,
            )
        ]
        late = f"{median(p.ours.late_us for p in pairs):,.0f}, {median(p.bare.late_us for p in pairs):,.0f}"
        rate = median(p.ours.per_s for p in pairs)
        yield f"| {name} | {rate:,.0f} | " + " | ".join(cells) + f" | {late} |"
    yield f"\nThe generator can ask {ceiling.per_s:,.0f} times a second, as the bare app answers."


def latency_bounds(half: Sequence[Pair], in_publish: Sequence[Pair]) -> Iterator[Bound]:
    """Hold the medians of the ratios against the bounds."""
    p50, p99, _ = map(median, zip(*(pair.ratios for pair in half), strict=True))
    yield Bound("p50 at 50 %, ours ÷ bare", p50, LATENCY, at_least=False)
    yield Bound("p99 at 50 %, ours ÷ bare", p99, LATENCY, at_least=False)
    p99 = median(pair.ratios[1] for pair in in_publish)
    yield Bound("p99 during a publish, ours ÷ bare", p99, LATENCY_IN_PUBLISH, at_least=False)
