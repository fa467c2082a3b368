"""What answering costs and how much is answered, over sockets, with `wrk`: `make bench-http`."""

import argparse
import asyncio
import logging
import os
import socket
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import uvloop

from loadtests.speed.asking import KNOWN, check_constant, check_decision
from loadtests.speed.budgets import Bound, share_bounds
from loadtests.speed.cases import MANY, OWN, PLAIN, RULES, Case
from loadtests.speed.open_model import OpenModel, latency_bounds, latency_table, shipping
from loadtests.speed.pages import decide_body, request
from loadtests.speed.processes import cpu_ns, pin
from loadtests.speed.serving import BARE, Server, server
from loadtests.speed.sites import Ground, draft, prepared, publish
from loadtests.speed.tables import PAGE, Run, bounds_table, http_table, replace_between
from loadtests.speed.wire import read_answers
from loadtests.speed.workers import crews, memory_bounds, workers_table
from loadtests.speed.wrk import find_wrk, run_wrk, script

# Servers have one core to themselves; whoever asks them has the other, with PostgreSQL and Valkey.
SERVER_CORE, CLIENT_CORE = 0, 1
VISITORS = 50_000
AT_ONCE = (32, 64)
ROUNDS, ROUND_S, SAMPLE = 11, 1, 20
HALF, MOST = "50 % of capacity", "80 % of capacity"
PUBLISHING = f"{HALF}, 10,000 rules being published"
HOT, ALL = range(4_096), range(KNOWN, KNOWN + VISITORS)


class Bench:
    """The servers side by side, one of which is asked at a time."""

    def __init__(self, ground: Ground, servers: Mapping[str, Server]) -> None:
        self._ground = ground
        self._servers = servers
        self._key = ground.sites[RULES].public_key

    async def measure(self, rounds: int) -> dict[Case, list[Run]]:
        """Run every case once in each round."""
        runs: dict[Case, list[Run]] = {case: [] for case in cases()}
        for _ in range(rounds):
            for case, done in runs.items():
                done.append(await self._round(case))
        return runs

    async def _round(self, case: Case) -> Run:
        numbers = ALL if case.asked == "from Valkey" else HOT
        if case.asked != "hot":
            # Written anew, what any process has cached of them is out of date. Those who are told shall be.
            await self._ground.know(RULES, numbers)
            await asyncio.sleep(0.3)
        one = self._servers[BARE if case.asked == BARE else case.served]
        script_file = self._ground.folder / "wrk.lua"
        script_file.write_text(script(self._key, numbers))
        before = cpu_ns(one.pids)
        told = await asyncio.to_thread(run_wrk, script_file, one.url, case.at_once, ROUND_S)
        took_ns = cpu_ns(one.pids) - before
        await asyncio.to_thread(check_sample, one.port, self._key, bare=case.asked == BARE)
        self._ground.drop_shipped()
        return Run(took_ns / told.requests / 1_000, told.requests / told.seconds)


def cases() -> Iterator[Case]:
    """List what is measured."""
    for at_once in AT_ONCE:
        yield Case(BARE, PLAIN, at_once)
        for served in (OWN, PLAIN):
            for asked in ("hot", "from Valkey"):
                yield Case(asked, served, at_once)


def check_sample(port: int, key: str, *, bare: bool) -> None:
    """Ask for some visitors by ourselves, and hold each answer against what it must be."""
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        for number in range(SAMPLE):
            connection.sendall(request("/decide", key, number, decide_body(number)))
            said = b""
            while not said.endswith(b"}"):
                said += connection.recv(65_536)
            (answer,) = read_answers(said)
            if bare:
                check_constant(answer)
            else:
                check_decision(answer, number, 3)


@asynccontextmanager
async def served(ground: Ground, *names: str) -> AsyncIterator[dict[str, Server]]:
    """Run servers side by side, pinned to the core that is theirs, with the site published."""
    async with AsyncExitStack() as stack:
        servers = {name: await stack.enter_async_context(server(name, ground)) for name in names}
        async with httpx.AsyncClient(base_url=servers[OWN].url) as client:
            for rules, site in ground.sites.items():
                await draft(client, site, rules)
                await publish(client, site)
        for one in servers.values():
            for pid in one.pids:
                pin(pid, SERVER_CORE)
        yield servers


async def measured(folder: Path, rounds: int) -> list[Bound]:
    """Measure everything over servers that are ended afterwards, and tell each part once it is measured."""
    async with prepared(folder, {RULES: ALL.stop, MANY: len(HOT)}) as ground:
        async with served(ground, BARE, OWN, PLAIN) as servers:
            runs = await Bench(ground, servers).measure(rounds)
        bounds = tell("bench-http", http_table(runs), share_bounds_of(runs))
        capacity = max(run.per_s for run in runs[Case("hot", OWN, AT_ONCE[-1])])
        # Whoever else served here would take up what is published, too, on the same core.
        async with served(ground, BARE, OWN) as servers, shipping(ground):
            model = OpenModel(ground, servers[OWN], servers[BARE])
            pairs = {HALF: await model.pairs(0.5 * capacity), MOST: await model.pairs(0.8 * capacity)}
            pairs[PUBLISHING] = await model.published(0.5 * capacity)
            table = latency_table(pairs, await model.ceiling())
        bounds += tell("bench-latency", table, latency_bounds(pairs[HALF], pairs[PUBLISHING]))
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
        found = await crews(ground)
        return bounds + tell("bench-workers", workers_table(found), memory_bounds(found))


def keep_to_one_core() -> None:
    """Leave the servers' core to them: this process, and all that it starts, stays on the other."""
    if (os.cpu_count() or 1) < 2:
        sys.exit("two cores are needed: one for the server, one for whoever asks it")
    os.sched_setaffinity(0, {CLIENT_CORE})


def main() -> int:
    """Measure, print and write the tables, and tell whether a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    find_wrk()
    keep_to_one_core()
    logging.disable(logging.WARNING)
    with TemporaryDirectory(prefix="signpost-http-", ignore_cleanup_errors=True) as folder:
        bounds = uvloop.run(measured(Path(folder), options.rounds))
    return int(not all(bound.holds for bound in bounds))


def share_bounds_of(runs: Mapping[Case, Sequence[Run]]) -> Iterator[Bound]:
    """Hold CPU and throughput, the best of each case, against the same bounds."""
    cpu = {case: min(run.cpu_us for run in done) for case, done in runs.items()}
    per_answer_us = {case: 1e6 / max(run.per_s for run in done) for case, done in runs.items()}
    for kind, best in (("CPU", cpu), ("time at full load", per_answer_us)):
        for at_once in AT_ONCE:
            for bound in share_bounds(best, at_once):
                yield bound._replace(what=f"{kind}, {bound.what}")


def tell(name: str, table: Iterable[str], bounds: Iterable[Bound]) -> list[Bound]:
    """Print a table with its bounds, and write both to their place in the page; answers the bounds."""
    held = [*bounds]
    text = "\n".join([*table, "", *bounds_table(held)])
    print(f"{text}\n", flush=True)
    replace_between(PAGE, name, text)
    return held


if __name__ == "__main__":
    sys.exit(main())
