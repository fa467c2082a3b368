"""What the results of experiments with arms that are alike must look like, beside what was answered."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec
from scipy.stats import kstest

from app.stats.sample_ratio import MISMATCH_BELOW
from loadtests.alike_site import ALPHA, KEYS, METRIC
from loadtests.calibrate.figure import Figure, rate

# Less likely than this is not believed, where one p-value tells of all experiments together.
UNLIKELY = 0.001


class Answered(msgspec.Struct):
    """The units that were answered, and those of them that ordered, by experiment and arm."""

    units: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    orders: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)


class SampleRatio(msgspec.Struct, frozen=True):
    """Whether the arms' sizes are what was promised."""

    p_value: float


class Arm(msgspec.Struct, frozen=True):
    """One arm's units and orders."""

    arm: str
    units: int
    sum: float


class Comparison(msgspec.Struct, frozen=True):
    """One arm against the other one."""

    p_value: float
    significant: bool


class Metric(msgspec.Struct, frozen=True):
    """The figures of one metric."""

    metric: str
    arms: tuple[Arm, ...]
    comparisons: tuple[Comparison, ...]


class Found(msgspec.Struct, frozen=True):
    """The results of one experiment, as far as they are looked at."""

    units: int
    units_complete: int
    crossed_units: int
    sample_ratio: SampleRatio
    metrics: tuple[Metric, ...]

    @property
    def p_value(self) -> float:
        """The p-value of the only comparison there is."""
        return self.metrics[0].comparisons[0].p_value


read_found = msgspec.json.Decoder(Found).decode


def figures_of(found: Sequence[Found]) -> Iterator[Figure]:
    """Hold the p-values of all experiments against what chance makes of them."""
    p_values = [one.p_value for one in found]
    hits = sum(p_value < ALPHA for p_value in p_values)
    yield rate(f"A/A, false positives at 5 %: {len(found)} experiments", hits, len(found), ALPHA)
    uniform = float(kstest(p_values, "uniform").pvalue)
    yield Figure("A/A, p-values uniform (Kolmogorov-Smirnov p-value)", uniform, UNLIKELY, 1.0)
    ratios = [one.sample_ratio.p_value for one in found]
    alarms = sum(p_value < MISMATCH_BELOW for p_value in ratios)
    yield Figure("A/A, sample-ratio p-values below 0.001", alarms, 0, 1)
    uniform = float(kstest(ratios, "uniform").pvalue)
    yield Figure("A/A, sample-ratio p-values uniform (Kolmogorov-Smirnov)", uniform, UNLIKELY, 1.0)


def miscounted(answered: Answered, found: Mapping[str, Found]) -> Iterator[str]:
    """Tell where results differ from what was answered, unit by unit."""
    for key in KEYS:
        one = found[key]
        counted = {(key, arm.arm): (arm.units, arm.sum) for arm in one.metrics[0].arms}
        expected = {place: (answered.units[place], answered.orders[place]) for place in counted}
        if one.metrics[0].metric != METRIC or counted != expected:
            yield f"{key}: {counted}, where {expected} were answered"
        if one.crossed_units or one.units != sum(units for units, _ in counted.values()):
            yield f"{key}: {one.units} units, {one.crossed_units} of them crossed"
