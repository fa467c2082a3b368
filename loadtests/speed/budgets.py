"""Every bound that answering must keep, in one place."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from loadtests.speed.cases import BATCH, OWN, PLAIN, Case

# How many times what a decision costs goes into the bare app's cost, at least.
SHARES = {
    ("hot", OWN): 1.0,
    ("from Valkey", OWN): 0.8,
    ("hot", PLAIN): 0.55,
    ("from Valkey", PLAIN): 0.45,
}
EVENT_SHARE = 0.7
# How many times the first may cost the second, at most.
GROWTHS = {
    ("hot, 10,000 rules", "hot, 10 rules"): 1.15,
    ("hot, 20 placements", "hot, 1 placement"): 2.5,
    (f"/events, each of {BATCH}", "/events, 1 event"): 0.15,
}
# In the open model: latency as a multiple of the bare app's at the same rate.
LATENCY, LATENCY_IN_PUBLISH = 1.5, 2.0
WORKER_MIB = 400


class Bound(NamedTuple):
    """A figure beside its limit, which it may not pass: from above where `at_least`, else from below."""

    what: str
    figure: float
    limit: float
    at_least: bool

    @property
    def holds(self) -> bool:
        """Whether the limit is kept."""
        return self.figure >= self.limit if self.at_least else self.figure <= self.limit


def gate_bounds(best: Mapping[Case, float]) -> Iterator[Bound]:
    """Hold what the gate measured against the bounds."""
    for at_once in sorted({case.at_once for case in best}):
        yield from share_bounds(best, at_once)
    few = min(case.at_once for case in best)
    one_event = Case("/events, 1 event", OWN, few)
    yield Bound(f"bare ÷ ours, {one_event}", share(best, one_event), EVENT_SHARE, at_least=True)
    for served in (OWN, PLAIN):
        for (more, less), limit in GROWTHS.items():
            growth = best[Case(more, served, few)] / best[Case(less, served, few)]
            yield Bound(f"{more} ÷ {less}, {served}", growth, limit, at_least=False)


def share_bounds(best: Mapping[Case, float], at_once: int) -> Iterator[Bound]:
    """Hold the cost of decisions on so many connections against the bare app's."""
    for (asked, served), limit in SHARES.items():
        case = Case(asked, served, at_once)
        yield Bound(f"bare ÷ ours, {case}", share(best, case), limit, at_least=True)


def share(best: Mapping[Case, float], case: Case) -> float:
    """Tell how often a case's cost goes into the bare app's on as many connections."""
    return best[Case("bare", PLAIN, case.at_once)] / best[case]
