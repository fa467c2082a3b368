"""What a replay reports at its end, as figures."""

from collections.abc import Mapping, Sequence
from math import ceil

import msgspec

from loadtests.answers import Difference, Results
from loadtests.reconcile import Comparison
from loadtests.tally import Tally
from loadtests.transitions import Transition


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What was replayed, and how."""

    name: str
    events: int
    visitors: int
    concurrency: int
    workers: int | None


class Requests(msgspec.Struct, frozen=True):
    """Requests of one kind. Latencies are what the client waited, in milliseconds; None without a request."""

    sent: int
    failed: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


class ArmUnits(msgspec.Struct, frozen=True):
    """The visitors that were answered an arm, and how many assignments that took."""

    experiment: str
    arm: str
    visitors: int
    assignments: int


class ArmResult(msgspec.Struct, frozen=True):
    """What the service's own results say of one arm; the difference is to the experiment's first arm."""

    experiment: str
    metric: str
    arm: str
    units: int
    mean: float | None
    difference: float | None
    p_value: float | None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a replay reports."""

    source: Source
    elapsed_s: float
    decisions_per_s: float
    requests: dict[str, Requests]
    failures: list[str]
    duplicates: int
    reasons: dict[str, int]
    degraded: dict[str, int]
    stages: dict[str, int]
    transitions: list[Transition]
    arms: list[ArmUnits]
    reconciliation: dict[str, Comparison]
    results: list[ArmResult]
    verdicts: dict[str, str]

    @property
    def sound(self) -> bool:
        """Whether nothing failed and everything answered is stored exactly once."""
        failed = bool(self.failures) or any(kind.failed for kind in self.requests.values())
        return not failed and all(comparison.exact for comparison in self.reconciliation.values())


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """Find the smallest value that this share of all do not exceed (nearest rank); None of nothing."""
    return ordered[max(ceil(share * len(ordered)), 1) - 1] if ordered else None


def build_report(
    source: Source,
    elapsed_s: float,
    tally: Tally,
    reconciliation: dict[str, Comparison],
    results: Mapping[str, Results],
) -> Report:
    """Work out the figures of a replay that has ended; `results` are the service's own, by experiment."""
    decisions = len(tally.latencies_s["/decide"]) - tally.failed["/decide"]
    return Report(
        source=source,
        elapsed_s=elapsed_s,
        decisions_per_s=decisions / elapsed_s if elapsed_s else 0.0,
        requests={path: _requests(taken, tally.failed[path]) for path, taken in tally.latencies_s.items()},
        failures=tally.failures,
        duplicates=tally.duplicates,
        reasons=dict(tally.reasons.most_common()),
        degraded=dict(tally.degraded.most_common()),
        stages=tally.ways.visitors(),
        transitions=tally.ways.transitions(),
        arms=_arms(tally),
        reconciliation=reconciliation,
        results=[line for key, result in results.items() for line in arm_results(key, result)],
        verdicts={key: f"{r.verdict.call}: {r.verdict.why}" for key, r in results.items()},
    )


def _requests(latencies_s: Sequence[float], failed: int) -> Requests:
    ordered = sorted(latency * 1_000 for latency in latencies_s)
    p50, p95, p99 = (percentile(ordered, share) for share in (0.5, 0.95, 0.99))
    return Requests(len(ordered), failed, p50, p95, p99)


def _arms(tally: Tally) -> list[ArmUnits]:
    taken: dict[tuple[str, str], int] = {}
    for assignments in tally.assigned.values():
        for given in assignments:
            key = given.experiment, given.arm
            taken[key] = taken.get(key, 0) + 1
    return [ArmUnits(*key, len(tally.units[key]), count) for key, count in sorted(taken.items())]


def arm_results(experiment: str, results: Results) -> list[ArmResult]:
    """Lay the service's results of one experiment out as a line for each metric and arm."""
    return [
        ArmResult(
            experiment, metric.metric, arm.arm, arm.units, arm.mean, against.difference, against.p_value
        )
        for metric in results.metrics
        for arm in metric.arms
        for against in [next((d for d in metric.comparisons if d.arm == arm.arm), Difference(arm.arm))]
    ]
