"""How a soak goes on: what every minute brought, and what each kind of process has in memory."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from time import monotonic

from app.embedded.process import find
from tests.faults.memory import Sample, resident_mib, share_mib
from tests.faults.scene import Scene

SAMPLE_S = 5.0
# PostgreSQL's processes share most of what they have, so it stands there as the share of each, added up.
KINDS = ("launcher", "kept worker", "other worker", "shipper", "PostgreSQL", "Valkey")
_WIDTHS = (8, 46, 10, 8, *(len(kind) + 2 for kind in KINDS))
HEADING = ("minute", "restarted", "answered", "failed", *KINDS)


def line_of(cells: Sequence[str]) -> str:
    """Write a line of the table."""
    return "".join(f"{cell:<{width - 1}} " for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()


class Progress:
    """Looks at the service every few seconds, and says a line in every period; all instants begin with it."""

    def __init__(self, scene: Scene, period_s: float, say: Callable[[str], None]) -> None:
        self.samples: dict[str, list[Sample]] = {kind: [] for kind in KINDS}
        self.restarted: list[str] = []
        self._scene = scene
        self._period_s = period_s
        self._say = say
        self._begun = monotonic()
        self._told = (0, 0)

    @property
    def now_s(self) -> float:
        """How long it goes on already."""
        return monotonic() - self._begun

    async def run(self) -> None:
        """Look, and tell, until cancelled."""
        self._say(line_of(HEADING))
        due_s = self._period_s
        while True:
            self._look()
            if self.now_s >= due_s:
                self._tell()
                due_s += self._period_s
            await asyncio.sleep(min(SAMPLE_S, max(0.0, due_s - self.now_s)))

    def _look(self) -> None:
        for kind, pids in processes_of(self._scene).items():
            mib = share_mib(pids) if len(pids) > 1 else sum(map(resident_mib, pids))
            if mib:
                self.samples[kind].append(Sample(self.now_s, min(pids), mib))

    def _tell(self) -> None:
        ledger = self._scene.load.ledger
        answered, failed = self._told
        self._told = ledger.answered, ledger.failed
        took = [f"{samples[-1].mib:.1f}" if samples else "-" for samples in self.samples.values()]
        figures = [f"{int(self.now_s) // 60}:{int(self.now_s) % 60:02}", ", ".join(self.restarted) or "-"]
        figures += [str(ledger.answered - answered), str(ledger.failed - failed)]
        self.restarted.clear()
        self._say(line_of([*figures, *took]))


def processes_of(scene: Scene) -> Mapping[str, list[int]]:
    """Name the processes that live now, by their kind."""
    service, workers, shipper = scene.service, scene.service.workers(), scene.service.shipper()
    found = (
        [service.launcher],
        [pid for pid in workers if pid == scene.spared],
        [pid for pid in workers if pid != scene.spared][:1],
        [] if shipper is None else [shipper],
        find(service.place.postgres),
        find(service.place.valkey),
    )
    return dict(zip(KINDS, found, strict=True))
