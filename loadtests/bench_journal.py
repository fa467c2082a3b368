"""What durability costs, and how fast the journal is shipped: `python -m loadtests.bench_journal`."""

import asyncio
import gc
import logging
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from time import process_time

import uvloop

from app.decision.decide import Decide
from app.decision.ports import Journal
from app.engine.records import Record
from app.engine.ruleset import Ruleset
from app.journal.append import FileJournal
from app.kit.clock import now
from loadtests.bench_ship import bench_shipping
from loadtests.page_records import SITE, demo_ruleset, page
from tests.fakes import FakeProfiles, FakeRulesets, decide_over

ROUNDS, REQUESTS, VISITORS = 21, 512, 500
AT_ONCE = (1, 16, 64)


class Nowhere:
    """A journal that forgets: what a decision costs without one."""

    async def append(self, records: Sequence[Record]) -> None:
        """Forget the records."""


class Worker:
    """Decides on page loads in memory, with a journal under measure."""

    def __init__(self, ruleset: Ruleset, journal: Journal) -> None:
        self._decide: Decide = decide_over(FakeProfiles(), journal, FakeRulesets({SITE: ruleset}))
        self._loads = 0

    async def answer(self, at_once: int) -> None:
        """Answer so many page loads at once."""
        await asyncio.gather(*(self._one() for _ in range(at_once)))

    async def _one(self) -> None:
        self._loads += 1
        instant = now()
        visitor, visit = f"v-{self._loads % VISITORS}", self._loads // VISITORS
        await self._decide.decide(page(visitor, visit, instant), instant)


async def cpu_us(worker: Worker, at_once: int) -> float:
    """Measure the CPU of a round, threads and kernel included, in µs per request."""
    start = process_time()
    for _ in range(REQUESTS // at_once):
        await worker.answer(at_once)
    return (process_time() - start) / REQUESTS * 1e6


async def bench_appends(folder: Path) -> dict[str, list[float]]:
    """Take the cheapest round of each mode for each number of requests at once."""
    ruleset = demo_ruleset()
    with (
        closing(FileJournal(folder / "process", max_bytes=2**33)) as process,
        closing(FileJournal(folder / "group", max_bytes=2**33, power_safe=True)) as group,
    ):
        modes: dict[str, Journal] = {"no journal": Nowhere(), "process": process, "group": group}
        best = {name: [float("inf")] * len(AT_ONCE) for name in modes}
        gc.disable()
        for _ in range(ROUNDS):
            # All visitors of a round are new in each mode alike.
            workers = {name: Worker(ruleset, journal) for name, journal in modes.items()}
            for place, at_once in enumerate(AT_ONCE):
                for name, worker in workers.items():
                    best[name][place] = min(best[name][place], await cpu_us(worker, at_once))
            gc.collect()
        gc.enable()
        return best


def print_appends(best: dict[str, list[float]]) -> None:
    """Write the table of what durability costs."""
    print("| CPU µs per decision | " + " | ".join(f"{n} at once" for n in AT_ONCE) + " |")
    print("|---" * (len(AT_ONCE) + 1) + "|")
    for name, costs in best.items():
        cells = [
            f"{cost:.0f} ({cost / plain:.2f})" for cost, plain in zip(costs, best["no journal"], strict=True)
        ]
        print(f"| {name} | " + " | ".join(cells) + " |")


async def bench() -> None:
    """Measure and print everything."""
    with tempfile.TemporaryDirectory(prefix="signpost-bench-") as folder:
        print_appends(await bench_appends(Path(folder)))
        print()
        await bench_shipping(Path(folder))


def main() -> int:
    """Run the bench; it fails where a figure cannot be had, and judges none."""
    logging.disable(logging.WARNING)
    uvloop.run(bench())
    return 0


if __name__ == "__main__":
    sys.exit(main())
