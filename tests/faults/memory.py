"""What processes take of memory, and whether those that live long take ever more."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import combinations, groupby
from pathlib import Path
from statistics import median

import msgspec

MIB = 1_024.0
HOUR_S = 3_600.0
# A page more for each request, at 100 requests a second, would be 1,400 MiB in an hour, and 100 bytes 34.
BOUND_MIB_H = 16.0
# A heap grows in steps, so that a small one says nothing, however short the time.
STEP_MIB = 1.0
# A life that is judged lasts for at least this share of the whole.
SHARE = 1 / 3
_FEWEST = 3


class Sample(msgspec.Struct, frozen=True):
    """What one kind of process took at an instant. Another `life` means that it was started anew."""

    at_s: float
    life: int
    mib: float


class Judgement(msgspec.Struct, frozen=True):
    """How the memory of one kind went over the second half of its longest life."""

    kind: str
    life_s: float
    least_mib: float
    most_mib: float
    slope_mib_h: float
    bound_mib_h: float
    long_enough: bool

    @property
    def flat(self) -> bool:
        """Whether it lived long enough to tell, and grew by no more than the bound."""
        return self.long_enough and self.slope_mib_h <= self.bound_mib_h

    def __str__(self) -> str:
        """Tell it in a line."""
        told = (
            f"{self.kind}: {self.least_mib:.1f} to {self.most_mib:.1f} MiB,"
            f" {self.slope_mib_h:+.1f} MiB/h over the second half of {self.life_s / 60:.1f} min"
        )
        if not self.long_enough:
            return f"{told}: TOO SHORT A LIFE"
        return f"{told}, at most {self.bound_mib_h:.1f}: {'flat' if self.flat else 'GROWS'}"


def judge(kind: str, samples: Iterable[Sample], soak_s: float) -> Judgement:
    """Judge one kind by its slope over the second half of its longest life."""
    life = longest_life(samples)
    life_s = life[-1].at_s - life[0].at_s if life else 0.0
    half = [one for one in life if one.at_s - life[0].at_s >= life_s / 2]
    if len(half) < _FEWEST:
        return Judgement(kind, life_s, 0, 0, 0, BOUND_MIB_H, long_enough=False)
    took = [one.mib for one in half]
    return Judgement(
        kind,
        life_s,
        min(took),
        max(took),
        slope_mib_h=slope_of(half) * HOUR_S,
        bound_mib_h=BOUND_MIB_H + STEP_MIB / (half[-1].at_s - half[0].at_s) * HOUR_S,
        long_enough=life_s >= soak_s * SHARE,
    )


def longest_life(samples: Iterable[Sample]) -> Sequence[Sample]:
    """Pick the samples, in order of time, of the life that lasted longest."""
    lives = [list(life) for _, life in groupby(samples, key=lambda one: one.life)]
    return max(lives, key=lambda life: life[-1].at_s - life[0].at_s, default=[])


def slope_of(samples: Sequence[Sample]) -> float:
    """Tell the slope in MiB a second: the median of those between any two instants (Theil and Sen).

    One step, be it high, hardly moves it, as it would a least-squares line; one after the other do.
    """
    return median((b.mib - a.mib) / (b.at_s - a.at_s) for a, b in combinations(samples, 2))


def resident_mib(pid: int) -> float:
    """Read what a process has in memory, shared or not; 0 where it has ended."""
    return _read(pid, "status", b"VmRSS:")


def share_mib(pids: Iterable[int]) -> float:
    """Add up what processes have in memory, what they share counted once."""
    return sum(_read(pid, "smaps_rollup", b"Pss:") for pid in pids)


def _read(pid: int, file: str, name: bytes) -> float:
    # Whoever ends while it is read has no memory, and says so in several ways.
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/{file}").read_bytes().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) / MIB
    return 0.0
