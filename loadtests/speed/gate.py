"""What answering costs beside a bare ASGI app, without sockets: `make bench-gate`; exits 1 if too much."""

import argparse
import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop

from loadtests.speed.asking import HOT, KNOWN, busy, decisions, hot
from loadtests.speed.budgets import gate_bounds
from loadtests.speed.cases import FRESH, RULES, SIZES, Case, variants
from loadtests.speed.host import Host, hosted
from loadtests.speed.rounds import REQUESTS, ROUNDS, cheapest
from loadtests.speed.sites import prepared
from loadtests.speed.tables import PAGE, bounds_table, gate_table, replace_between
from loadtests.speed.wire import Lines

AT_ONCE = (32, 64)


async def measured(folder: Path, rounds: int, only: str) -> Mapping[Case, float]:
    """Measure every case whose name holds `only`, and the bare app; most of them on 32 connections alone."""
    fresh = round(FRESH * len(AT_ONCE) * REQUESTS * (rounds + 1)) + 1_000
    visitors = dict.fromkeys(SIZES, HOT) | {RULES: KNOWN + fresh}
    async with prepared(folder, visitors) as ground, hosted(ground) as hosts:
        for host in hosts.values():
            await warm(host)
        new = iter(range(KNOWN, visitors[RULES]))
        chosen = [
            variant
            for at_once in AT_ONCE
            for variant in variants(hosts, new, at_once, in_full=at_once == AT_ONCE[0])
            if only in str(variant.case) or str(variant.case).startswith("bare")
        ]
        return await cheapest(chosen, rounds, ground.drop_shipped)


async def warm(host: Host) -> None:
    """Ask once for everybody who will be hot, on every site, each answer checked."""
    lines = Lines(host.configured(plain=False), 32)
    for rules, site in host.sites.items():
        for numbers in (hot(), busy())[: 2 if rules == RULES else 1]:
            drawn = decisions(site, numbers)
            for _ in range(HOT // lines.count):
                turn = [next(drawn) for _ in range(lines.count)]
                await lines.exchange([ask.request for ask in turn])
                for ask, answers in zip(turn, lines.answers(), strict=True):
                    ask.check(*answers)
    lines.close()


def main() -> int:
    """Measure, print and write the tables, and tell whether a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", default="", help="measure what has this in its name; judges nothing")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    with TemporaryDirectory(prefix="signpost-gate-", ignore_cleanup_errors=True) as folder:
        best = uvloop.run(measured(Path(folder), options.rounds, options.only))
    # Ratios repeat only where nobody else keeps both cores busy.
    print(f"Load of the last minute, this bench included: {os.getloadavg()[0]:.1f}\n")
    print(table := "\n".join(gate_table(best)))
    if options.only:
        return 0
    bounds = list(gate_bounds(best))
    print(judged := "\n".join(bounds_table(bounds)))
    replace_between(PAGE, "bench-gate", f"{table}\n\n{judged}")
    return int(not all(bound.holds for bound in bounds))


if __name__ == "__main__":
    sys.exit(main())
