"""Prove the statistics by simulation: `make calibrate`; exits 1 where a figure leaves its band."""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
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


def calibrate(simulations: Sequence[tuple[Simulation, int]], seed: int) -> int:
    """Run simulations, print each figure with its band, and count those outside."""
    outside = 0
    print(f"{'seed ' + str(seed):<66} {'figure':>9}  {'band':^20}")
    # Each simulation draws from a stream of its own, so that changing one leaves the others as they are.
    streams = np.random.SeedSequence(seed).spawn(len(simulations))
    for (simulate, runs), stream in zip(simulations, streams, strict=True):
        for figure in simulate(np.random.default_rng(stream), runs):
            print(figure, flush=True)
            outside += not figure.holds
    return outside


def main() -> int:
    """Run every simulation and tell whether a figure lies outside its band."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=20_261_122, help="draw other numbers")
    started = perf_counter()
    outside = calibrate(SIMULATIONS, parser.parse_args().seed)
    print(f"{outside} outside their bands, in {perf_counter() - started:.0f} s")
    return int(outside > 0)


if __name__ == "__main__":
    sys.exit(main())
