"""What the load asked of the service during one kind of fault, and what it was answered."""

from pathlib import Path

import msgspec

from loadtests.answers import Assignment

FAILURES_KEPT = 20


class Ledger(msgspec.Struct):
    """Kept by the driver alone; nothing in it was read from the service's stores.

    `offered` holds every event id that was ever sent, `accepted` those that an answer took in or knew.
    `cut` counts requests whose own worker was killed, `refused` the events answered with 503.
    """

    fault: str
    visitors: set[str] = set()
    offered: set[str] = set()
    accepted: set[str] = set()
    assigned: dict[str, tuple[Assignment, ...]] = {}
    answered: int = 0
    degraded: int = 0
    cut: int = 0
    refused: int = 0
    failed: int = 0
    failures: list[str] = []
    slowest_s: dict[str, float] = {}

    def answer(self, path: str, took_s: float) -> None:
        """Count a request that was answered, well or not."""
        self.answered += 1
        self.slowest_s[path] = max(took_s, self.slowest_s.get(path, 0))

    def fail(self, what: str) -> None:
        """Count a failed request; the first few are kept in words."""
        self.failed += 1
        if len(self.failures) < FAILURES_KEPT:
            self.failures.append(what)


def write_ledger(folder: Path, ledger: Ledger) -> None:
    """Keep a ledger in a file of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{ledger.fault}.json").write_bytes(msgspec.json.encode(ledger))


def read_ledgers(folder: Path) -> list[Ledger]:
    """Read the ledgers that a campaign has kept."""
    return [msgspec.json.decode(path.read_bytes(), type=Ledger) for path in sorted(folder.glob("*.json"))]
