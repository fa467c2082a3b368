"""The shape of results, as they are answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.reporting.question import CutBy, Population

Interval = tuple[float, float]
Estimator = Literal["plain", "cuped"]
Role = Literal["primary", "secondary", "guardrail"]
Call = Literal["keep_running", "ship", "stop", "inconclusive", "broken"]


@dataclass(frozen=True, slots=True)
class SampleRatioReport:
    """Whether the arms' sizes are what their weights promise.

    `p_value` holds where one looks once, `always_valid_p_value` at every look; either of them below 0.001 is
    a mismatch.
    """

    p_value: float | None
    always_valid_p_value: float | None
    mismatch: bool


@dataclass(frozen=True, slots=True)
class AlwaysValid:
    """What holds however often one looks."""

    p_value: float | None
    interval: Interval | None
    relative_interval: Interval | None


@dataclass(frozen=True, slots=True)
class ArmFigures:
    """One arm's units and what they did; `mean` is null without units.

    `other_currencies` are the events that are left out for their currency, null where the metric names none.
    """

    arm: str
    units: int
    sum: float
    sum_of_squares: float
    mean: float | None
    other_currencies: int | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One arm against the baseline, the first listed arm; what has no figure is null.

    `difference` is arm minus baseline, `relative` its share of the baseline; with the estimator `cuped` both
    are adjusted by what was known before assignment. Intervals and `p_value` hold at a fixed size, and
    `adjusted_p_value` over all metrics and arms. `chance_to_win` and `expected_loss`, in the metric's own
    unit, are of choosing the arm where the metric's direction says what is better.
    """

    arm: str
    baseline: str
    estimator: Estimator
    difference: float | None
    interval: Interval | None
    relative: float | None
    relative_interval: Interval | None
    p_value: float | None
    adjusted_p_value: float | None
    always_valid: AlwaysValid
    chance_to_win: float | None
    expected_loss: float | None
    significant: bool


@dataclass(frozen=True, slots=True)
class MetricReport:
    """One metric: every arm's figures and comparisons; `note` says what is left out of them, and why."""

    metric: str
    kind: str | None
    role: Role
    arms: list[ArmFigures]
    comparisons: list[Comparison]
    note: str | None


@dataclass(frozen=True, slots=True)
class Uplift:
    """What personalization as a whole is worth by one metric; intervals hold at every look.

    `per_unit` is the incremental value of each visitor (or user, if the holdout's unit is one), and `total`
    that of all who were personalized, null for a ratio.
    """

    metric: str
    per_unit: float | None
    interval: Interval | None
    relative: float | None
    relative_interval: Interval | None
    total: float | None
    total_interval: Interval | None
    said: str


@dataclass(frozen=True, slots=True)
class ArmUnits:
    """How many units an arm has, and its share of all of them by weight."""

    arm: str
    units: int
    expected_share: float


@dataclass(frozen=True, slots=True)
class Cut:
    """The same figures for some of the units; exploratory, so nothing here is ever significant."""

    by: CutBy
    value: str | None
    units: int
    sample_ratio: SampleRatioReport
    metrics: list[MetricReport]
    uplift: list[Uplift] | None


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at before calling a verdict."""

    check: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do about the experiment, and why."""

    call: Call
    arm: str | None
    why: str
    checks: list[Check]


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that is known of one phase of an experiment at one instant; only `$holdout` has an `uplift`.

    `cuts` are the largest 200 by units, and `cuts_left_out` how many smaller ones there are.
    """

    experiment: str
    as_of: datetime
    phase: int
    population: Population
    units: int
    units_complete: int
    units_exposed: int
    crossed_units: int
    arms: list[ArmUnits]
    sample_ratio: SampleRatioReport
    metrics: list[MetricReport]
    uplift: list[Uplift] | None
    cuts: list[Cut]
    cuts_left_out: int
    verdict: Verdict
