"""Prove the statistics by simulation: `make calibrate`; exits 1 where a figure leaves its band."""

import argparse
import sys
from collections.abc import Callable, Iterator
from time import perf_counter

import numpy as np

from loadtests.calibrate import beliefs, fixed_size, many, peeking, shares
from loadtests.calibrate.figure import Figure

Simulation = Callable[[np.random.Generator, int], Iterator[Figure]]

# Each with its number of runs: as many as its band needs, and a minute allows.
SIMULATIONS: tuple[tuple[Simulation, int], ...] = (
    (fixed_size.false_positives, 20_000),
    (fixed_size.coverage, 60_000),
    (fixed_size.power, 40_000),
    (peeking.peeks, 20_000),
    (peeking.sample_ratio, 10_000),
    (shares.sample_ratio, 200_000),
    (shares.buckets, 200_000),
    (beliefs.chance_to_win, 50_000),
    (beliefs.chance_to_win_of_conversions, 4_000),
    (many.corrections, 50_000),
)


def main() -> int:
    """Run every simulation, print each figure with its band, and tell whether one lies outside."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=20_261_122, help="draw other numbers")
    seed = parser.parse_args().seed
    started, outside = perf_counter(), 0
    print(f"{'seed ' + str(seed):<66} {'figure':>9}  {'band':^20}")
    # Each simulation draws from a stream of its own, so that changing one leaves the others as they are.
    for (simulate, runs), stream in zip(SIMULATIONS, np.random.SeedSequence(seed).spawn(10), strict=True):
        for figure in simulate(np.random.default_rng(stream), runs):
            print(figure, flush=True)
            outside += not figure.holds
    print(f"{outside} outside their bands, in {perf_counter() - started:.0f} s")
    return int(outside > 0)


if __name__ == "__main__":
    sys.exit(main())
