"""Assignments and events put straight into PostgreSQL, for tests that know what must come out."""

import json
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from app.engine.records import Merge, Unmerge
from app.kit.clock import instant_of, ms_of
from app.kit.ids import id_at
from app.reporting.question import Question
from app.reporting.report import MetricReport, Results
from app.reporting.results import load_results
from app.storage.postgres import Postgres
from tests.builders import DAY, NOW, document, experiment
from tests.unit.reporting.counted import orders, revenue

LONG_AGO = NOW - 60 * DAY
COUNTS = orders("count", kind="count")


class Planted:
    """One site's records, and the question about them."""

    def __init__(self, postgres: Postgres, site_id: int) -> None:
        self.postgres = postgres
        self.site_id = site_id

    async def publish(self, number: int = 1, **fields: Any) -> None:
        """Put a revision in force; by default `hero-copy` is judged by orders, their count and revenue."""
        judged = experiment(
            phase=1, primary_metric="orders", metrics=[{"metric": "count"}, {"metric": "revenue"}]
        )
        usual = {"metrics": [orders(), COUNTS, revenue()], "experiments": [judged]}
        await self.postgres.pool.execute(
            "INSERT INTO revisions (site_id, number, document, author, comment) VALUES ($1, $2, $3, 'a', '')",
            self.site_id,
            number,
            json.dumps(document(**{**usual, **fields})),
        )

    async def mark(self, *visitors: str) -> None:
        """Mark visitors to be counted anew."""
        await self.postgres.pool.executemany(
            "INSERT INTO recount_marks (site_id, visitor) VALUES ($1, $2)",
            [(self.site_id, visitor) for visitor in visitors],
        )

    async def assign(
        self, unit: str, arm: str = "control", at: datetime = LONG_AGO, **fields: Any
    ) -> uuid.UUID:
        """Log that a unit was given an arm; answers the decision's id."""
        usual = {"decision_id": uuid.uuid4(), "experiment": "hero-copy", "visitor": unit, "stages": "{}"}
        counts = {"phase": 1, "revision": 1, "first": True, "segments": []}
        row = {**usual, **counts, "unit": unit, "arm": arm, "at": at, **fields}
        await self._insert("assignments", row)
        return uuid.UUID(str(row["decision_id"]))

    async def event(
        self, visitor: str, after: Any = DAY, name: str = "order_completed", **fields: Any
    ) -> None:
        """Log what a visitor did, so long after everybody's first assignment; other fields are properties."""
        columns = {"trusted": False, "profile_only": False, "results_only": False, "at": LONG_AGO + after}
        row = {key: fields.pop(key, usual) for key, usual in columns.items()}
        known = {"id": uuid.uuid4().hex, "visitor": visitor, "name": name, "received_at": row["at"]}
        await self._insert("events", {**row, **known, "properties": json.dumps(fields)})

    async def merge(self, device: str, into: str, after: timedelta = DAY) -> None:
        """Log that a device went over to a user's profile, so long after everybody's first assignment."""
        await self._change(Merge, device, into, after)

    async def unmerge(self, device: str, into: str, after: timedelta) -> None:
        """Log that this is undone."""
        await self._change(Unmerge, device, into, after)

    async def _change(
        self, kind: type[Merge] | type[Unmerge], device: str, into: str, after: timedelta
    ) -> None:
        at = LONG_AGO + after
        await self.store(kind(self.site_id, device, id_at(at), into, ms_of(at)))

    async def store(self, change: Merge | Unmerge) -> None:
        """Put a record of a merge, or of its undoing, where the shipper puts it."""
        known = {"id": uuid.UUID(change.id), "visitor": change.visitor, "into": change.into}
        row = {**known, "record": msgspec.json.encode(change), "at": instant_of(change.at_ms)}
        await self._insert("profile_changes", row)

    async def _insert(self, table: str, row: Mapping[str, Any]) -> None:
        columns = ", ".join(f'"{name}"' for name in ("site_id", *row))
        places = ", ".join(f"${i + 1}" for i in range(len(row) + 1))
        await self.postgres.pool.execute(
            f"INSERT INTO {table} ({columns}) VALUES ({places})",  # noqa: S608 - the names are this file's own
            self.site_id,
            *row.values(),
        )

    async def results(self, key: str = "hero-copy", now: datetime = NOW, **asked: Any) -> Results:
        """Ask for an experiment's results."""
        async with self.postgres.engine.begin() as session:
            return await load_results(session, Question(site_id=self.site_id, experiment=key, **asked), now)


def sums(results: Results, metric: str) -> dict[str, tuple[int, float, float]]:
    """Each arm's units, Σx and Σx² by one metric."""
    found = next(found for found in results.metrics if found.metric == metric)
    return sums_of(found)


def sums_of(metric: MetricReport) -> dict[str, tuple[int, float, float]]:
    """Each arm's units, Σx and Σx²."""
    return {arm.arm: (arm.units, arm.sum, arm.sum_of_squares) for arm in metric.arms}
