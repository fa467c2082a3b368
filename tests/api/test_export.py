import csv
import io
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest
import pytest_asyncio
from httpx import AsyncClient

from app.reporting import exports
from app.reporting.reporter import Reporter
from app.storage.postgres import Postgres
from app.web.keyring import Role
from tests.api.conftest import AdminFactory
from tests.builders import HOUR, experiment
from tests.counting import count_all
from tests.integration.planted import Planted
from tests.sites import SiteFactory
from tests.unit.reporting.counted import orders, revenue

EXPORT = "/api/v1/experiments/hero-copy/export"
PER_VIEW = orders(
    "per-view", kind="ratio", property="value", denominator={"event": "page_viewed"}, covariate_days=3
)


class Exported(Planted):
    """A site with five units, and a viewer's client for it."""

    client: AsyncClient

    async def get(self, **query: Any) -> bytes:
        """Read an export."""
        answer = await self.client.get(EXPORT, params=query)
        assert answer.status_code == 200, answer.text
        return answer.content


@pytest_asyncio.fixture
async def exported(admin: AdminFactory, new_site: SiteFactory, postgres: Postgres) -> Exported:
    site = await new_site()
    made = Exported(postgres, site.site_id)
    made.client = await admin(Role.VIEWER, site)
    judged = experiment(
        phase=1,
        status="running",
        primary_metric="orders",
        metrics=[{"metric": "revenue"}, {"metric": "per-view"}],
    )
    metrics = [orders(), revenue(covariate_days=7), PER_VIEW]
    await made.publish(metrics=metrics, experiments=[judged])
    for i in range(5):
        await made.assign(f"v{i}", ("control", "treatment")[i % 2], segments=["=new", "bikes"][: i % 3])
        await made.event(f"v{i}", HOUR, value=i / 2)
        await made.event(f"v{i}", -HOUR, value=1)
    return made


async def counted(exported: Exported) -> None:
    await count_all(Reporter(exported.postgres.pool))


async def test_units_are_exported_with_what_they_did(
    exported: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So that five units come in several pieces.
    monkeypatch.setattr(exports, "ROWS_AT_ONCE", 2)
    await counted(exported)
    frame = pd.read_csv(io.BytesIO(await exported.get()))
    assert list(frame["unit"]) == ["v0", "v1", "v2", "v3", "v4"]
    assert list(frame["revenue"]) == [0, 0.5, 1, 1.5, 2]
    assert list(frame["revenue.before"]) == [1] * 5
    assert [name for name in frame.columns if name.startswith("per-view")] == [
        "per-view",
        "per-view.denominator",
        "per-view.before",
        "per-view.denominator_before",
    ]
    assert frame["segments"][1] == '["=new"]'
    parquet = pl.read_parquet(io.BytesIO(await exported.get(format="parquet")))
    assert parquet["segments"].to_list()[2] == ["=new", "bikes"]
    assert parquet["revenue"].to_list() == list(frame["revenue"])
    assert parquet["first_at"].dtype == pl.Datetime("us", "UTC")


async def test_what_is_left_out_for_its_currency_is_a_column_beside(exported: Exported) -> None:
    euros = revenue(where={"properties.currency": "EUR"})
    judged = experiment(phase=1, status="running", primary_metric="revenue")
    await exported.publish(2, metrics=[euros], experiments=[judged])
    await exported.event("v0", HOUR, value=3, currency="EUR")
    await counted(exported)
    frame = pd.read_csv(io.BytesIO(await exported.get()))
    assert list(frame["revenue"]) == [3, 0, 0, 0, 0]
    assert list(frame["revenue.other_currencies"]) == [1] * 5


async def test_a_metric_called_as_another_column_stands_beside_it(exported: Exported) -> None:
    metrics = [orders("country"), PER_VIEW, orders("per-view.denominator"), orders("metric.country")]
    uses = [{"metric": metric["key"]} for metric in metrics[1:]]
    judged = experiment(phase=1, status="running", primary_metric="country", metrics=uses)
    await exported.publish(2, metrics=metrics, experiments=[judged])
    await counted(exported)
    header, *lines = csv.reader(io.StringIO((await exported.get()).decode()))
    assert header[9:] == [
        "country",
        "metric.country",
        "per-view",
        "per-view.denominator",
        "per-view.before",
        "per-view.denominator_before",
        "metric.per-view.denominator",
        "metric.metric.country",
    ]
    assert {len(line) for line in lines} == {len(header)}
    parquet = pl.read_parquet(io.BytesIO(await exported.get(format="parquet")))
    assert parquet.columns == header
    assert parquet["metric.country"].to_list() == parquet["metric.metric.country"].to_list() == [1] * 5


async def test_assignments_are_exported_one_by_one(exported: Exported, tmp_path: Any) -> None:
    await exported.assign("v0", "treatment", first=False)
    file = tmp_path / "assignments.parquet"
    file.write_bytes(await exported.get(what="assignments", format="parquet"))
    counts = duckdb.sql(f"SELECT unit, count(*) FROM '{file}' GROUP BY unit ORDER BY unit")  # noqa: S608 - the file is ours
    assert counts is not None
    rows = counts.fetchall()
    assert rows == [("v0", 2), ("v1", 1), ("v2", 1), ("v3", 1), ("v4", 1)]
    lines = pd.read_csv(io.BytesIO(await exported.get(what="assignments")), parse_dates=["at"])
    assert len(lines) == 6
    assert set(lines["arm"]) == {"control", "treatment"}


async def test_an_export_of_nobody_has_its_columns(exported: Exported) -> None:
    await exported.postgres.pool.execute("DELETE FROM assignments WHERE site_id = $1", exported.site_id)
    await counted(exported)
    assert pl.read_parquet(io.BytesIO(await exported.get(format="parquet"))).shape == (0, 17)
    assert (await exported.get()).startswith(b"unit,phase,arm,")


async def test_units_that_are_not_counted_yet_cannot_be_exported(exported: Exported) -> None:
    answer = await exported.client.get(EXPORT)
    assert (answer.status_code, answer.json()["title"]) == (409, "Conflict")


@pytest.mark.parametrize(
    ("path", "status"),
    [("nowhere/export", 404), ("hero-copy/export?phase=9", 422), ("hero-copy/export?format=xlsx", 422)],
)
async def test_what_cannot_be_exported_is_refused(exported: Exported, path: str, status: int) -> None:
    assert (await exported.client.get(f"/api/v1/experiments/{path}")).status_code == status
