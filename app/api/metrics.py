"""What `/metrics` tells of this process."""

import os
from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from app.api.tally import Tally
from app.journal.append import FileJournal
from app.journal.lag import JournalLag


class _Numbers(Collector):
    """Reads the plain numbers of the parts when somebody asks.

    Each worker process has its own, and whoever asks reaches any of them: every number says whose it is.
    """

    def __init__(
        self, tally: Tally, journal: FileJournal, lag: JournalLag, degraded: Mapping[str, int]
    ) -> None:
        self._tally = tally
        self._journal = journal
        self._lag = lag
        self._degraded = degraded

    def collect(self) -> Iterable[Metric]:
        """List all metrics."""
        pid = str(os.getpid())
        for metric in self._metrics():
            metric.samples = [one._replace(labels={**one.labels, "pid": pid}) for one in metric.samples]
            yield metric

    def _metrics(self) -> Iterable[Metric]:
        yield InfoMetricFamily("signpost_process", "Who answered.", value={})
        yield from self._tally.metrics()
        for name, text in (
            ("records", "Records that the journal took."),
            ("bytes", "Bytes that the journal took."),
            ("refused", "Appends that the journal could not take."),
        ):
            value = getattr(self._journal, name)
            yield CounterMetricFamily(f"signpost_journal_{name}", text, value=value)
        lacking = CounterMetricFamily(
            "signpost_decisions_degraded", "Decisions that had to do without something.", labels=("lacking",)
        )
        for what, count in self._degraded.items():
            lacking.add_metric((what,), count)
        yield lacking
        for name, text in (
            ("bytes", "Bytes in this host's journal that are not in PostgreSQL."),
            ("seconds", "Age of the eldest record in this host's journal that is not in PostgreSQL."),
        ):
            value = getattr(self._lag, name)
            yield GaugeMetricFamily(f"signpost_journal_lag_{name}", text, value=value)


def registry_of(
    tally: Tally, journal: FileJournal, lag: JournalLag, degraded: Mapping[str, int]
) -> CollectorRegistry:
    """Gather what the parts count; `degraded` says how often decisions had to do without what."""
    registry = CollectorRegistry()
    registry.register(_Numbers(tally, journal, lag, degraded))
    return registry
