"""Capped values, and those in other currencies, once they are summed up."""

from app.reporting.question import CutBy, Population
from app.reporting.reporter import Reporter
from tests.builders import HOUR, experiment
from tests.counting import count_all
from tests.integration.planted import Planted, sums, sums_of
from tests.unit.reporting.counted import orders, revenue


async def test_values_above_a_percentile_of_all_arms_count_as_the_percentile(planted: Planted) -> None:
    capped = revenue(cap={"percentile": 0.5}, covariate_days=1)
    judged = experiment(phase=1, status="running", primary_metric="revenue", metrics=[{"metric": "orders"}])
    await planted.publish(metrics=[orders(), capped], experiments=[judged])
    for i, value in enumerate((10, 20, 30)):
        arm = "treatment" if i == 2 else "control"
        await planted.assign(f"v{i}", arm, device="mobile", segments=["new", "bikes"])
        await planted.event(f"v{i}", HOUR, value=value)
        await planted.event(f"v{i}", -HOUR, value=2)
        await planted.mark(f"v{i}")
    raw = [await planted.results(by=by) for by in CutBy]
    assert (await planted.results(population=Population.EXPOSED)).units == 0
    reporter = Reporter(planted.postgres.pool)
    await count_all(reporter)
    for by, before in zip(CutBy, raw, strict=True):
        found = await planted.results(by=by)
        # Whether somebody has summed up yet makes no difference.
        assert before == found
        expected = {"control": (2, 30, 500), "treatment": (1, 20, 400)}
        assert sums(found, "revenue") == expected
        assert sums(found, "orders") == {"control": (2, 2, 2), "treatment": (1, 1, 1)}
        assert [sums_of(cut.metrics[1]) for cut in found.cuts] != []
        assert all(sums_of(cut.metrics[0]) == expected for cut in found.cuts)
    assert (await planted.results(population=Population.EXPOSED)).units == 0


async def test_without_a_unit_there_is_nothing_to_cap(planted: Planted) -> None:
    judged = experiment(phase=1, primary_metric="revenue")
    await planted.publish(metrics=[revenue(cap={"percentile": 0.5})], experiments=[judged])
    assert sums(await planted.results(), "revenue")["control"] == (0, 0, 0)


async def test_other_currencies_are_counted_apart_in_the_sums_too(planted: Planted) -> None:
    capped = revenue(where={"properties.currency": "EUR"}, cap={"percentile": 0.5}, covariate_days=1)
    judged = experiment(phase=1, status="running", primary_metric="revenue", metrics=[{"metric": "orders"}])
    await planted.publish(metrics=[capped, orders()], experiments=[judged])
    await planted.assign("v", device="mobile")
    for currency, value in (("EUR", 5), ("USD", 9), ("USD", 9)):
        await planted.event("v", HOUR, value=value, currency=currency)
    raw = await planted.results(by=CutBy.DEVICE)
    await planted.mark("v")
    reporter = Reporter(planted.postgres.pool)
    await count_all(reporter)
    await planted.event("v", 2 * HOUR, value=1, currency="CHF")
    await planted.mark("v")
    await count_all(reporter)
    found = await planted.results(by=CutBy.DEVICE)
    assert sums(raw, "revenue") == sums(found, "revenue") == {"control": (1, 5, 25), "treatment": (0, 0, 0)}
    assert sums(found, "orders")["control"] == (1, 1, 1)
    assert [one.metrics[0].arms[0].other_currencies for one in (raw, found)] == [2, 3]
    assert found.cuts[0].metrics[0].arms[0].other_currencies == 3
    assert f"{planted.site_id}/hero-copy" not in await reporter.differing()
