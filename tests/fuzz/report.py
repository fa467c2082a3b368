"""What a run of schemathesis has found, out of the report that it writes."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WRONG_METHODS = "any wrong method"


@dataclass
class Report:
    """How often which operation was answered with which status."""

    failed: bool = False
    statuses: dict[str, Counter[int]] = field(default_factory=dict)

    def add(self, written: Path, *, failed: bool) -> None:
        """Add what a run wrote; a 5xx is a failure, whatever the run says itself."""
        for operation, status in _answers_in(written):
            self.statuses.setdefault(operation, Counter())[status] += 1
        self.failed |= failed or bool(self.broken)

    @property
    def examples(self) -> int:
        """Count all requests."""
        return sum(counted.total() for counted in self.statuses.values())

    @property
    def operations(self) -> list[str]:
        """List the operations that were asked."""
        return [name for name in self.statuses if name != WRONG_METHODS]

    @property
    def broken(self) -> list[str]:
        """List the operations that were answered with a 5xx."""
        return [name for name, counted in self.statuses.items() if max(counted) >= 500]

    @property
    def never_answered(self) -> list[str]:
        """List the operations that refused every request."""
        refused = [name for name, counted in self.statuses.items() if min(counted) >= 300]
        return [name for name in refused if name != WRONG_METHODS]

    def __str__(self) -> str:
        """Tell it in a few lines."""
        by_status = sum(self.statuses.values(), Counter())
        counted = ", ".join(f"{status}: {count}" for status, count in sorted(by_status.items()))
        return "\n".join(
            [
                f"{self.examples} examples of {len(self.operations)} operations ({counted})",
                f"never answered but with a refusal: {', '.join(self.never_answered) or 'none'}",
                f"answered with a 5xx: {', '.join(self.broken) or 'none'}",
                "FAILED" if self.failed else "no failure",
            ]
        )


def _answers_in(written: Path) -> Iterator[tuple[str, int]]:
    with written.open() as lines:
        for line in lines:
            recorder: dict[str, Any] = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
            for case_id, interaction in recorder.get("interactions", {}).items():
                case = recorder["cases"][case_id]["value"]
                answer = interaction.get("response") or {"status_code": 599}
                yield _operation_of(case), answer["status_code"]


def _operation_of(case: dict[str, Any]) -> str:
    """Name the operation; methods that a path has none of are none."""
    asked = ((case.get("meta") or {}).get("phase") or {}).get("data") or {}
    if asked.get("scenario") == "unspecified_http_method":
        return WRONG_METHODS
    return f"{case['method']} {case['path']}"
