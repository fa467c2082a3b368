"""What a decision costs beside a bare ASGI app, without sockets: `python -m loadtests.speed.gate`."""

import argparse
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import uvicorn
import uvloop

from loadtests.speed.asking import HOT, constant, decisions, hot, mixed
from loadtests.speed.bare import bare
from loadtests.speed.host import Host, hosted
from loadtests.speed.rounds import ROUNDS, TURNS, Variant, cheapest
from loadtests.speed.wire import Lines

RULES = 1_000
SIZES = (10, RULES, 10_000)
AT_ONCE = (32, 64)


def bare_config() -> uvicorn.Config:
    """Serve the bare app on uvicorn's own protocol."""
    return uvicorn.Config(bare, http="httptools", lifespan="off", access_log=False, server_header=False)


def variants(host: Host, fresh: Iterator[int], at_once: int) -> Iterator[Variant]:
    """List what is measured on so many connections at once."""
    any_site = host.sites[RULES]
    yield Variant(f"bare, {at_once}", Lines(bare_config(), at_once), constant(any_site.public_key))
    for path in ("default", "plain"):
        lines = Lines(host.configured(plain=path == "plain"), at_once)
        for rules in SIZES:
            drawn = decisions(host.sites[rules], hot())
            yield Variant(f"hot, {rules} rules, {path}, {at_once}", lines, drawn)
        yield Variant(f"from Valkey, {path}, {at_once}", lines, decisions(any_site, fresh))
        yield Variant(f"90% hot, {path}, {at_once}", lines, decisions(any_site, mixed(fresh, 10)))


async def measured(folder: Path, rounds: int, only: str) -> dict[str, float]:
    """Measure every variant whose name holds `only`, and the bare app."""
    needed = round(2 * 1.1 * sum(AT_ONCE) * TURNS * (rounds + 1)) + HOT + 1_000
    async with hosted(folder, dict.fromkeys(SIZES, HOT) | {RULES: needed}) as host:
        await warm(host)
        fresh = iter(range(HOT, needed))
        chosen = [variant for at_once in AT_ONCE for variant in variants(host, fresh, at_once)]
        return await cheapest([v for v in chosen if only in v.name or v.name.startswith("bare")], rounds)


async def warm(host: Host) -> None:
    """Ask for every hot visitor of every site once, each answer checked."""
    lines = Lines(host.configured(plain=False), 32)
    for site in host.sites.values():
        drawn = decisions(site, hot())
        for _ in range(HOT // 32):
            turn = [next(drawn) for _ in range(32)]
            await lines.exchange([ask.request for ask in turn])
            for ask, answers in zip(turn, lines.answers(), strict=True):
                ask.check(*answers)
    lines.close()


def print_table(best: dict[str, float]) -> None:
    """Write down what each costs, and how many times the bare app goes into it."""
    for name, cost in best.items():
        plain = best[f"bare, {name.rsplit(', ', 1)[1]}"]
        print(f"{name:40} {cost:8.1f} µs   {plain / cost:.3f}")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", default="", help="measure what has this in its name")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    with TemporaryDirectory(prefix="signpost-gate-", ignore_cleanup_errors=True) as folder:
        print_table(uvloop.run(measured(Path(folder), options.rounds, options.only)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
