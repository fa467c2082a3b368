"""What is remembered of every request while a replay runs."""

from array import array
from collections import Counter
from collections.abc import Sequence

from loadtests.answers import Assignment, Decided, Taken
from loadtests.steps import Step
from loadtests.transitions import StageWays

FAILURES_SHOWN = 5


class Tally:
    """Counts, latencies and every assignment that was answered."""

    def __init__(self, stages: Sequence[str]) -> None:
        self.latencies_s = {"/events": array("d"), "/decide": array("d")}
        self.failed: Counter[str] = Counter()
        self.failures: list[str] = []
        self.duplicates = 0
        self.event_ids: list[str] = []
        self.assigned: dict[str, tuple[Assignment, ...]] = {}
        self.units: dict[tuple[str, str], set[str]] = {}
        self.reasons: Counter[str] = Counter()
        self.degraded: Counter[str] = Counter()
        self.ways = StageWays(stages)

    @property
    def requests(self) -> int:
        """How many requests have come to an end, well or not."""
        return sum(map(len, self.latencies_s.values()))

    def fail(self, path: str, what: str) -> None:
        """Count a failed request; the first few of each path are kept in words."""
        self.failed[path] += 1
        if self.failed[path] <= FAILURES_SHOWN:
            self.failures.append(f"{path}: {what}")

    def taken(self, step: Step, answer: Taken) -> None:
        """Take in the answer of `/events` to one event, which is known there from now on."""
        self.duplicates += answer.duplicate
        self.event_ids.append(step.id)

    def decided(self, step: Step, answer: Decided) -> None:
        """Take in a decision."""
        if answer.assignments:
            self.assigned[answer.decision_id] = answer.assignments
        for given in answer.assignments:
            self.units.setdefault((given.experiment, given.arm), set()).add(step.visitor)
        self.reasons.update(choice.reason for choice in answer.placements.values())
        self.degraded.update(answer.degraded)
        # A decision that had to do without the profile does not know where its visitor stands.
        if answer.visitor.stage is not None and "profile" not in answer.degraded:
            self.ways.seen(step.visitor, answer.visitor.stage)
